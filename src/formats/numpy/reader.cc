// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/reader.h"

#include <lancekeep/error.h>

#include "formats/numpy/array.h"
#include "formats/zip/crc32.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kEnding = ".npy";
constexpr std::string_view kList = "the archive's list of arrays";

// An array and, where it is an archive's entry, what its bytes must add up to.
struct Item {
  NumpyArray array;
  std::uint64_t start = 0;  // of its header, in the file
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
  if (!array.is_plain()) {  // its bytes go out in another order than they are added up in
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
  throw Error(ErrorCode::corrupt,
              fmt::format("the bytes of the array `{}` have the checksum {:08x}, but the archive "
                          "says {:08x}; they have changed since they were written",
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
    fail(
        "is no .npy array; an .npz archive of numpy.savez has nothing else. Take it out of the "
        "archive");
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
    throw Error(ErrorCode::invalid_argument,
                "an .npy file's name is that of its tensor, but this one is not UTF-8; rename it",
                file.name());
  }
  auto source = std::make_unique<NumpySource>(file, 1);
  source->add(name, {read_numpy_array(file, 0, file.size(), name), 0, std::nullopt});
  return source;
}

}  // namespace lancekeep::formats
