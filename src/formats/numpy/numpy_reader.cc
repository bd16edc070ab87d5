// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/numpy_reader.h"

#include <lancekeep/error.h>

#include "formats/numpy/npy_header.h"
#include "formats/zip/crc32.h"
#include "io/utf8.h"
#include "tensor/shape.h"
#include "tensor/strided_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kLongestHeader = 10'000;  // NumPy's own limit
constexpr std::uint64_t kLikelyHeader = 256;      // usually enough, in one system call
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
                   fmt::format("the array `{}` has a header of version {}.{}; supported are 1.0, "
                               "2.0 and 3.0",
                               array, major, minor));
  }
  const std::uint64_t length =
      major == 1 ? in.u16("the header's length") : in.u32("the header's length");
  if (length > kLongestHeader) {
    in.view().fail(ErrorCode::unsupported,
                   fmt::format("the array `{}` has a header of {} bytes; like NumPy, Lancekeep "
                               "reads at most {}",
                               array, length, kLongestHeader));
  }
  return length;
}

// Reads the header's text. The values follow it.
io::ByteView read_text(const io::InputFile& file, std::uint64_t offset, std::uint64_t size,
                       const std::string& name) {
  io::ByteReader in(file.read(offset, std::min(size, kLikelyHeader), "an array's header"));
  const std::uint64_t length = read_length(in, name);
  if (length > size - in.position()) {
    in.view().fail(fmt::format("the header of the array `{}` should have {} bytes, but {} follow{}",
                               io::printable(name), length, size - in.position(), kHint));
  }
  if (length <= in.remaining()) return in.take(length, "an array's header");
  return file.read(offset + in.position(), length, "an array's header");
}

StridedLayout layout_of(const NumpyArray& array) {
  StridedLayout layout{array.shape, Shape(array.shape.size(), 1), array.descr.dtype->itemsize()};
  if (array.nbytes == 0) return layout;  // the strides would never be used, and could overflow
  std::int64_t step = 1;
  for (std::size_t i = 0; i < layout.shape.size(); ++i) {
    const std::size_t d = array.fortran_order ? i : layout.shape.size() - 1 - i;
    layout.strides[d] = step;
    step *= layout.shape[d];  // no overflow: the product is at most the number of elements
  }
  return layout;
}

bool is_swapped(const NumpyArray& array) {
  return array.descr.is_big_endian && array.descr.dtype->number_size() > 1;
}

}  // namespace

bool NumpyArray::is_plain() const { return !is_swapped(*this) && is_contiguous(layout_of(*this)); }

NumpyArray read_numpy_array(const io::InputFile& file, std::uint64_t offset, std::uint64_t size,
                            const std::string& name) {
  const io::ByteView text = read_text(file, offset, size, name);
  NpyHeaderText header = parse_npy_header_text(text, name);
  NumpyArray array{read_numpy_descr(header.descr, name, text), header.fortran_order,
                   std::move(header.shape), text.base() + text.size(), 0};
  const auto bytes = byte_count(array.shape, array.descr.dtype->itemsize());
  if (!bytes) {
    text.fail(fmt::format("the array `{}`: {}", io::printable(name), shape_problem(array.shape)));
  }
  array.nbytes = *bytes;
  if (const std::uint64_t there = size - (array.offset - offset); there != array.nbytes) {
    text.fail(
        fmt::format("the array `{}` of dtype {} and shape {} takes {} bytes, but {} follow its "
                    "header{}",
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

namespace {

constexpr std::string_view kEnding = ".npy";
constexpr std::string_view kList = "the archive's list of arrays";

// An array and, if it is an entry of an archive, its checksum.
struct Item {
  NumpyArray array;
  std::uint64_t start = 0;  // file offset of its header
  std::optional<std::uint32_t> crc32;
};

class NumpySource : public TensorSource {
 public:
  NumpySource(const io::InputFile& file, std::size_t count) : file_(file) {
    specs_.reserve(count);
    items_.reserve(count);
  }

  void add(const std::string& name, Item item) {
    specs_.push_back({name, std::string(item.array.descr.dtype->dtype), item.array.shape,
                      item.array.nbytes, std::nullopt});
    items_.push_back(std::move(item));
  }

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override;

 private:
  void require_checksum(std::size_t index, const Crc32& crc) const;

  io::InputFile file_;
  std::vector<TensorSpec> specs_;
  std::vector<Item> items_;
};

void NumpySource::read(std::size_t index, const ByteSink& sink) {
  const Item& item = items_.at(index);
  const NumpyArray& array = item.array;
  if (!item.crc32) return push_numpy_array(file_, array, sink);
  Crc32 crc;
  const auto add = [&](std::span<const std::byte> piece) {
    crc.add(piece);
    return true;
  };
  file_.read_pieces(item.start, array.offset - item.start, "an array's header", add);
  if (!array.is_plain()) {  // the checksum is over the bytes in file order
    file_.read_pieces(array.offset, array.nbytes, "an array's bytes", add);
    require_checksum(index, crc);
    return push_numpy_array(file_, array, sink);
  }
  bool is_whole = true;
  push_numpy_array(file_, array, [&](std::span<const std::byte> piece) {
    crc.add(piece);
    return is_whole = sink(piece);
  });
  if (is_whole) require_checksum(index, crc);
}

void NumpySource::require_checksum(std::size_t index, const Crc32& crc) const {
  if (crc.value() == *items_[index].crc32) return;
  throw Error(
      ErrorCode::corrupt,
      fmt::format("the array `{}` has the checksum {:08x}, but the archive says {:08x}; its bytes "
                  "have changed since they were written",
                  io::printable(specs_[index].name), crc.value(), *items_[index].crc32),
      file_.name(), items_[index].start);
}

std::string array_name(const ZipEntry& entry, const io::InputFile& file) {
  const auto fail = [&](const std::string& problem) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the archive's entry `{}` {}", io::printable(entry.name), problem),
                file.name(), entry.offset);
  };
  if (!entry.name.ends_with(kEnding)) {
    fail("is not a .npy array; numpy.savez writes nothing else. Remove it from the archive");
  }
  const bool is_ascii =
      std::all_of(entry.name.begin(), entry.name.end(), [](unsigned char c) { return c < 0x80; });
  if (!is_ascii && (!entry.is_utf8() || io::utf8_error(entry.name))) {
    fail(
        "has a name that is not UTF-8, or not marked as such. Load the file with numpy.load and "
        "write it with numpy.savez");
  }
  return entry.name.substr(0, entry.name.size() - kEnding.size());
}

}  // namespace

bool is_npz(const ZipArchive& archive) {
  const std::vector<ZipEntry>& entries = archive.entries();
  const auto has = [&](std::string_view ending) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const ZipEntry& entry) { return entry.name.ends_with(ending); });
  };
  return entries.empty() || (has(kEnding) && !has("/data.pkl"));
}

std::unique_ptr<TensorSource> open_npz(const io::InputFile& file, const ZipArchive& archive,
                                       io::MemoryBudget& budget) {
  const std::size_t count = archive.entries().size();
  budget.take(count * (sizeof(TensorSpec) + sizeof(Item)), kList);
  auto source = std::make_unique<NumpySource>(file, count);
  for (const ZipEntry& entry : archive.entries()) {
    const std::string name = array_name(entry, file);
    archive.require_stored(entry);
    Item item{read_numpy_array(file, entry.offset, entry.size, name), entry.offset, entry.crc32};
    budget.take(name.size() + 2 * item.array.shape.size() * sizeof(std::int64_t), kList);
    source->add(name, std::move(item));
  }
  return source;
}

std::unique_ptr<TensorSource> open_npy(const io::InputFile& file, const std::string& name) {
  if (io::utf8_error(name)) {
    throw Error(
        ErrorCode::invalid_argument,
        "the name of an .npy file becomes the tensor's name, but this one is not UTF-8; rename "
        "the file",
        file.name());
  }
  auto source = std::make_unique<NumpySource>(file, 1);
  source->add(name, {read_numpy_array(file, 0, file.size(), name), 0, std::nullopt});
  return source;
}

}  // namespace lancekeep::formats
