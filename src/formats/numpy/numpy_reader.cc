// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/numpy_reader.h"

#include <lancekeep/error.h>

#include "formats/numpy/npy_header.h"
#include "formats/zip/unpack.h"
#include "io/memory_budget.h"
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
io::ByteView read_text(const ReadArrayBytes& read, std::uint64_t size, const std::string& name) {
  io::ByteReader in(read(0, std::min(size, kLikelyHeader)));
  const std::uint64_t length = read_length(in, name);
  if (length > size - in.position()) {
    in.view().fail(fmt::format("the header of the array `{}` should have {} bytes, but {} follow{}",
                               io::printable(name), length, size - in.position(), kHint));
  }
  if (length <= in.remaining()) return in.take(length, "an array's header");
  return read(in.position(), length);
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
                            const std::string& name, const std::string& void_dtype) {
  const auto read = [&](std::uint64_t from, std::uint64_t length) {
    return file.read(offset + from, length, "an array's header");
  };
  NumpyArray array = read_numpy_array(read, size, name, void_dtype);
  array.offset += offset;
  return array;
}

NumpyArray read_numpy_array(const ReadArrayBytes& read, std::uint64_t size, const std::string& name,
                            const std::string& void_dtype) {
  const io::ByteView text = read_text(read, size, name);
  const std::uint64_t base = read(0, 0).base();
  NpyHeaderText header = parse_npy_header_text(text, name);
  NumpyArray array{read_numpy_descr(header.descr, name, text, void_dtype), header.fortran_order,
                   std::move(header.shape), text.base() + text.size() - base, 0};
  const auto bytes = byte_count(array.shape, array.descr.dtype->itemsize());
  if (!bytes) {
    text.fail(fmt::format("the array `{}`: {}", io::printable(name), shape_problem(array.shape)));
  }
  array.nbytes = *bytes;
  if (const std::uint64_t there = size - array.offset; there != array.nbytes) {
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

// An array and, if it is in an archive, its entry there. The array's offset is then relative to the
// unpacked entry.
struct Item {
  NumpyArray array;
  std::optional<ZipEntry> entry;
};

class NumpySource : public TensorSource {
 public:
  explicit NumpySource(const io::InputFile& file) : file_(file) {}

  void add(const std::string& name, Item item) {
    specs_.push_back({name, std::string(item.array.descr.dtype->dtype), item.array.shape,
                      item.array.nbytes, std::nullopt});
    items_.push_back(std::move(item));
  }
  void add_note(std::string note) { notes_.push_back(std::move(note)); }

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override;
  std::vector<std::string> notes() const override { return notes_; }

 private:
  void read_entry(const Item& item, const ByteSink& sink) const;
  void read_reordered(const Item& item, const ByteSink& sink) const;

  io::InputFile file_;
  std::vector<TensorSpec> specs_;
  std::vector<Item> items_;
  std::vector<std::string> notes_;
};

void NumpySource::read(std::size_t index, const ByteSink& sink) {
  const Item& item = items_.at(index);
  if (!item.entry) return push_numpy_array(file_, item.array, sink);
  if (item.array.is_plain()) return read_entry(item, sink);
  if (item.entry->method != 0) return read_reordered(item, sink);
  // The checksum is over the bytes in file order.
  unpack_zip_entry(file_, *item.entry, [](auto) { return true; });
  NumpyArray in_file = item.array;
  in_file.offset += item.entry->offset;
  push_numpy_array(file_, in_file, sink);
}

// Pushes the values of an array that needs no reordering. The header is unpacked, too, because the
// checksum covers it.
void NumpySource::read_entry(const Item& item, const ByteSink& sink) const {
  std::uint64_t header = item.array.offset;
  unpack_zip_entry(file_, *item.entry, [&](std::span<const std::byte> piece) {
    const std::size_t skipped = std::min<std::uint64_t>(header, piece.size());
    header -= skipped;
    piece = piece.subspan(skipped);
    return piece.empty() || sink(piece);
  });
}

// Unpacks a compressed array into memory, because its values are needed in another order.
void NumpySource::read_reordered(const Item& item, const ByteSink& sink) const {
  constexpr std::size_t kGatherPiece = 1 << 20;
  io::require_memory(item.array.nbytes, file_.name());
  std::vector<std::byte> values;
  values.reserve(item.array.nbytes);
  read_entry(item, [&](std::span<const std::byte> piece) {
    values.insert(values.end(), piece.begin(), piece.end());
    return true;
  });
  gather(layout_of(item.array), values, kGatherPiece, [&](std::span<std::byte> piece) {
    if (is_swapped(item.array)) swap_numbers(*item.array.descr.dtype, piece);
    return sink(piece);
  });
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

namespace {

// Compressed zeros can unpack to a thousand times their size. These limit the bytes of all
// compressed arrays, and of one that must be in memory, by the size of the file or the entry.
constexpr std::uint64_t kSurplusBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kSurplusTimesFile = 64;
constexpr std::uint64_t kReorderedBytes = 32 << 20;
constexpr std::uint64_t kReorderedTimesEntry = 8;
constexpr std::size_t kMostNotes = 20;

// Reads the header of an entry. Of a compressed one, only its start is unpacked.
NumpyArray read_entry_header(const io::InputFile& file, const ZipEntry& entry,
                             const std::string& name, const std::string& void_dtype) {
  if (entry.method == 0) {
    NumpyArray array = read_numpy_array(file, entry.offset, entry.size, name, void_dtype);
    array.offset -= entry.offset;
    return array;
  }
  const auto read = [&](std::uint64_t from, std::uint64_t length) {
    std::string start;
    unpack_zip_entry(file, entry, [&](std::span<const std::byte> piece) {
      const std::size_t wanted =
          std::min<std::uint64_t>(piece.size(), from + length - start.size());
      start.append(reinterpret_cast<const char*>(piece.data()), wanted);
      return start.size() < from + length;
    });
    return io::ByteView::of(start, file.name()).sub(from, length, "an array's header");
  };
  return read_numpy_array(read, entry.unpacked, name, void_dtype);
}

void check_unpacked(const io::InputFile& file, const ZipEntry& entry, const NumpyArray& array,
                    const std::string& name, std::uint64_t& total) {
  if (entry.method == 0) return;
  const auto fail = [&](const std::string& problem) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the compressed array `{}` {}; load the file with numpy.load and write "
                            "it with numpy.savez",
                            io::printable(name), problem),
                file.name(), entry.offset);
  };
  total += std::min(array.nbytes, kSurplusBytes << 20);
  if (total > kSurplusBytes + kSurplusTimesFile * file.size()) {
    fail(fmt::format("unpacks to {} bytes, and all of them to more than {} times the file's {}",
                     array.nbytes, kSurplusTimesFile, file.size()));
  }
  if (!array.is_plain() && array.nbytes > kReorderedBytes + kReorderedTimesEntry * entry.size) {
    fail(fmt::format("unpacks to {} bytes in Fortran order or big-endian", array.nbytes));
  }
}

}  // namespace

std::unique_ptr<TensorSource> open_npz(const io::InputFile& file, const ZipArchive& archive,
                                       io::MemoryBudget& budget, const std::string& void_dtype) {
  auto source = std::make_unique<NumpySource>(file);
  std::optional<Error> first;  // why an entry was left out
  std::size_t left_out = 0;
  std::uint64_t unpacked = 0;
  for (const ZipEntry& entry : archive.entries()) {
    std::string name;
    Item item;
    try {
      name = array_name(entry, file);
      item = {read_entry_header(file, entry, name, void_dtype), entry};
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;
      if (!first) first = error;
      if (++left_out <= kMostNotes) source->add_note("left out: " + error.message());
      continue;
    }
    check_unpacked(file, entry, item.array, name, unpacked);
    // The lists grow by doubling. An array with values takes more of the file than of memory.
    const std::uint64_t taken = 3 * (sizeof(TensorSpec) + sizeof(Item) + name.size()) +
                                2 * item.array.shape.size() * sizeof(std::int64_t);
    if (item.array.nbytes > 0) budget.grant(taken);
    budget.take(taken, kList);
    source->add(name, std::move(item));
  }
  if (first && source->tensors().empty()) throw *first;
  if (left_out > kMostNotes) {
    source->add_note(fmt::format("left out: {} more entries", left_out - kMostNotes));
  }
  return source;
}

std::unique_ptr<TensorSource> open_npy(const io::InputFile& file, const std::string& name,
                                       const std::string& void_dtype) {
  if (io::utf8_error(name)) {
    throw Error(
        ErrorCode::invalid_argument,
        "the name of an .npy file becomes the tensor's name, but this one is not UTF-8; rename "
        "the file",
        file.name());
  }
  auto source = std::make_unique<NumpySource>(file);
  source->add(name, {read_numpy_array(file, 0, file.size(), name, void_dtype), std::nullopt});
  return source;
}

}  // namespace lancekeep::formats
