// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/archive.h"

#include "io/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lancekeep::formats {
namespace {

constexpr std::string_view kDirectory = "the zip directory";

using Order = std::vector<std::uint32_t>;  // indexes

template <typename Item, typename Key>
Order sorted_by(const std::vector<Item>& items, Key key) {
  Order order(items.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(items[a]) < key(items[b]); });
  return order;
}

// Checked before it is taken for a count of what to allocate.
void take_records(const ZipDirectory& directory, io::MemoryBudget& budget,
                  const io::InputFile& file) {
  if (directory.entries > directory.size / kZipShortestRecord) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the zip directory has {} entries, but only {} bytes",
                            directory.entries, directory.size),
                file.name(), directory.offset);
  }
  constexpr std::uint64_t kEach =
      sizeof(ZipRecord) + sizeof(ZipEntry) + 2 * sizeof(Order::value_type);
  budget.take(directory.entries * kEach, kDirectory);
}

std::vector<ZipRecord> read_records(const io::InputFile& file, const ZipDirectory& directory,
                                    io::MemoryBudget& budget) {
  take_records(directory, budget, file);
  std::vector<ZipRecord> records;
  records.reserve(directory.entries);
  ZipRecordReader in(file, directory);
  while (records.size() < directory.entries) {
    records.push_back(in.next());
    budget.take(records.back().entry.name.size(), kDirectory);
  }
  if (!in.is_at_end()) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the zip directory goes on after its last entry, number {}", directory.entries),
        file.name(), directory.offset);
  }
  return records;
}

// Entries must not overlap: each ends before the next one's header.
void locate_all(std::vector<ZipRecord>& records, const io::InputFile& file,
                std::uint64_t directory) {
  const Order order = sorted_by(records, [](const ZipRecord& record) { return record.header; });
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool is_last = i + 1 == order.size();
    locate_zip_entry(records[order[i]], file, is_last ? directory : records[order[i + 1]].header);
  }
}

}  // namespace

ZipArchive::ZipArchive(const io::InputFile& file, io::MemoryBudget& budget) : file_(file) {
  const ZipDirectory directory = find_zip_directory(file);
  std::vector<ZipRecord> records = read_records(file, directory, budget);
  by_name_ =
      sorted_by(records, [](const ZipRecord& each) -> std::string_view { return each.entry.name; });
  for (std::size_t i = 1; i < by_name_.size(); ++i) {
    const ZipRecord& later = records[std::max(by_name_[i - 1], by_name_[i])];
    if (records[by_name_[i - 1]].entry.name != records[by_name_[i]].entry.name) continue;
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the zip archive has two entries named `{}`", io::printable(later.entry.name)),
        file.name(), later.position);
  }
  locate_all(records, file, directory.offset);
  entries_.reserve(records.size());
  for (ZipRecord& record : records) entries_.push_back(std::move(record.entry));
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
