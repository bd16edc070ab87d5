// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/array.h"

#include <lancekeep/error.h>

#include "formats/numpy/header_text.h"
#include "io/utf8.h"
#include "tensor/shape.h"
#include "tensor/strided_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kLongestHeader = 10'000;  // NumPy reads no longer one either
constexpr std::uint64_t kLikelyHeader = 256;      // with this many bytes, one system call does
constexpr std::string_view kHint = "; was the download or the copy cut short?";

// Reads magic, version and the header's length.
std::uint64_t read_length(io::ByteReader& in, const std::string& name) {
  const std::string array = io::printable(name);
  if (in.remaining() < kNpyMagic.size() ||
      in.take(kNpyMagic.size(), "NumPy's magic").text() != kNpyMagic) {
    in.view().fail(fmt::format("the array `{}` does not start with \\x93NUMPY", array));
  }
  const std::uint8_t major = in.u8("the header's version");
  const std::uint8_t minor = in.u8("the header's version");
  if (major < 1 || major > 3 || minor != 0) {
    in.view().fail(ErrorCode::unsupported,
                   fmt::format("the array `{}` has a header of version {}.{}; read are 1.0, 2.0 "
                               "and 3.0",
                               array, major, minor));
  }
  const std::uint64_t length =
      major == 1 ? in.u16("the header's length") : in.u32("the header's length");
  if (length > kLongestHeader) {
    in.view().fail(ErrorCode::unsupported,
                   fmt::format("the array `{}` has a header of {} bytes; numpy itself reads at "
                               "most {}",
                               array, length, kLongestHeader));
  }
  return length;
}

// The header's text; behind it are the values.
io::ByteView read_text(const io::InputFile& file, std::uint64_t offset, std::uint64_t size,
                       const std::string& name) {
  io::ByteReader in(file.read(offset, std::min(size, kLikelyHeader), "an array's header"));
  const std::uint64_t length = read_length(in, name);
  if (length > size - in.position()) {
    in.view().fail(
        fmt::format("the header of the array `{}` is said to have {} bytes, but {} "
                    "follow{}",
                    io::printable(name), length, size - in.position(), kHint));
  }
  if (length <= in.remaining()) return in.take(length, "an array's header");
  return file.read(offset + in.position(), length, "an array's header");
}

StridedLayout layout_of(const NumpyArray& array) {
  StridedLayout layout{array.shape, Shape(array.shape.size(), 1), array.descr.dtype->itemsize};
  if (array.nbytes == 0) return layout;  // strides are never used, and could overflow
  std::int64_t step = 1;
  for (std::size_t i = 0; i < layout.shape.size(); ++i) {
    const std::size_t d = array.fortran_order ? i : layout.shape.size() - 1 - i;
    layout.strides[d] = step;
    step *= layout.shape[d];  // fits: the product of all is the number of elements in the file
  }
  return layout;
}

bool is_swapped(const NumpyArray& array) {
  return array.descr.is_big_endian && array.descr.dtype->number > 1;
}

}  // namespace

bool NumpyArray::is_plain() const { return !is_swapped(*this) && is_contiguous(layout_of(*this)); }

NumpyArray read_numpy_array(const io::InputFile& file, std::uint64_t offset, std::uint64_t size,
                            const std::string& name) {
  const io::ByteView text = read_text(file, offset, size, name);
  NpyHeaderText header = parse_npy_header_text(text, name);
  NumpyArray array{read_numpy_descr(header.descr, name, text), header.fortran_order,
                   std::move(header.shape), text.base() + text.size(), 0};
  const auto bytes = byte_count(array.shape, array.descr.dtype->itemsize);
  if (!bytes) {
    text.fail(fmt::format("the array `{}`: {}", io::printable(name), shape_problem(array.shape)));
  }
  array.nbytes = *bytes;
  if (const std::uint64_t there = size - (array.offset - offset); there != array.nbytes) {
    text.fail(
        fmt::format("the array `{}` of dtype {} and shape {} takes {} bytes, but {} follow "
                    "its header{}",
                    io::printable(name), array.descr.dtype->dtype, to_string(array.shape),
                    array.nbytes, there, there < array.nbytes ? kHint : ""));
  }
  return array;
}

void push_numpy_array(const io::InputFile& file, const NumpyArray& array, const ByteSink& sink) {
  if (array.nbytes == 0) return;
  ElementChange change;
  if (is_swapped(array)) {
    change = [&](std::span<std::byte> elements) { swap_numbers(*array.descr.dtype, elements); };
  }
  push_strided(file, array.offset, layout_of(array), change, sink);
}

std::string encode_npy_header(const NumpyDtype& dtype, const Shape& shape) {
  // NumPy leaves room for the first dimension to grow in place, and always at least one space in
  // front of the line's end.
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kLongestDimension = 21;
  std::string dimensions;
  for (const std::int64_t size : shape) {
    dimensions += (dimensions.empty() ? "" : ", ") + std::to_string(size);
  }
  if (shape.size() == 1) dimensions += ',';
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                 to_descr(dtype), dimensions);
  if (!shape.empty()) text.append(kLongestDimension - std::to_string(shape[0]).size(), ' ');
  const std::size_t start = kNpyMagic.size() + 4;
  text.append(kAlignment - (start + text.size() + 1) % kAlignment, ' ');
  text += '\n';
  std::string header(kNpyMagic);
  header +=
      {'\x01', '\0', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace lancekeep::formats
