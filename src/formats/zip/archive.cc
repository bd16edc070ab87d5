// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/archive.h"

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kDirectory = "the zip directory";

using Order = std::vector<std::uint32_t>;  // indexes of entries

template <typename Key>
Order sorted_by(const std::vector<ZipEntry>& entries, Key key) {
  Order order(entries.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(entries[a]) < key(entries[b]); });
  return order;
}

// The number of entries is checked before it is taken for how much to allocate.
void take_entries(const ZipDirectory& directory, io::MemoryBudget& budget,
                  const io::InputFile& file) {
  if (directory.entries > directory.size / kZipShortestRecord) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the zip directory has {} entries, but only {} bytes",
                            directory.entries, directory.size),
                file.name(), directory.offset);
  }
  constexpr std::uint64_t kEach = sizeof(ZipEntry) + 2 * sizeof(Order::value_type);
  budget.take(directory.entries * kEach, kDirectory);
}

std::vector<ZipEntry> read_entries(const io::InputFile& file, const ZipDirectory& directory,
                                   io::MemoryBudget& budget) {
  take_entries(directory, budget, file);
  std::vector<ZipEntry> entries;
  entries.reserve(directory.entries);
  ZipRecordReader in(file, directory);
  while (entries.size() < directory.entries) {
    entries.push_back(in.next());
    budget.take(entries.back().name.size(), kDirectory);
  }
  if (!in.is_at_end()) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the zip directory goes on after its last entry, number {}", directory.entries),
        file.name(), directory.offset);
  }
  return entries;
}

// Entries must not overlap: each ends before the next one's header.
void locate_all(std::vector<ZipEntry>& entries, const io::InputFile& file,
                std::uint64_t directory) {
  const Order order = sorted_by(entries, [](const ZipEntry& entry) { return entry.header; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool is_last = i + 1 == order.size();
    locate_zip_entry(entries[order[i]], file, is_last ? directory : entries[order[i + 1]].header);
  }
}

void require_distinct(const std::vector<ZipEntry>& entries, const Order& by_name,
                      const io::InputFile& file) {
  for (std::size_t i = 1; i < by_name.size(); ++i) {
    const ZipEntry& entry = entries[by_name[i]];
    if (entry.name != entries[by_name[i - 1]].name) continue;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the zip archive has two entries named `{}`", io::printable(entry.name)),
        file.name(), entry.header);
  }
}

}  // namespace

ZipArchive::ZipArchive(const io::InputFile& file, io::MemoryBudget& budget) : file_(file) {
  const ZipDirectory directory = find_zip_directory(file);
  entries_ = read_entries(file, directory, budget);
  by_name_ =
      sorted_by(entries_, [](const ZipEntry& entry) { return std::string_view(entry.name); });
  require_distinct(entries_, by_name_, file);
  locate_all(entries_, file, directory.offset);
}

ZipArchive::ZipArchive(const io::InputFile& file) : file_(file) {
  io::MemoryBudget budget(file);
  *this = ZipArchive(file, budget);
}

const ZipEntry* ZipArchive::find(std::string_view name) const noexcept {
  const auto found = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [&](std::uint32_t index, std::string_view key) { return entries_[index].name < key; });
  if (found == by_name_.end() || entries_[*found].name != name) return nullptr;
  return &entries_[*found];
}

void ZipArchive::require_stored(const ZipEntry& entry) const {
  if (entry.method == 0) return;
  const std::string_view advice =
      entry.name.ends_with(".npy")
          ? "numpy.savez_compressed wrote it: load the file with numpy.load and write it with "
            "numpy.savez"
          : "was the file packed again? Unpack it, load it with the library that it is of, as "
            "torch, and save it again";
  throw Error(ErrorCode::unsupported,
              fmt::format("the entry `{}` is compressed (method {}), but only stored entries are "
                          "read; {}",
                          io::printable(entry.name), entry.method, advice),
              file_.name(), entry.offset);
}

io::ByteView ZipArchive::read(const ZipEntry& entry, std::uint64_t limit) const {
  require_stored(entry);
  if (entry.size > limit) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the entry `{}` has {} bytes; at most {} are read",
                            io::printable(entry.name), entry.size, limit),
                file_.name(), entry.offset);
  }
  return file_.read(entry.offset, entry.size, "a zip entry");
}

}  // namespace lancekeep::formats
