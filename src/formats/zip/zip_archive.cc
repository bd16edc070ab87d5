// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/zip_archive.h"

#include "formats/zip/zip_entry.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kLongestComment = 0xFFFF;
constexpr std::uint64_t kLocatorSize = 20;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::string_view kEndSignature = "PK\x05\x06";
constexpr std::uint32_t kLocatorMagic = 0x07064b50;
constexpr std::uint32_t kEnd64Magic = 0x06064b50;

constexpr std::string_view kHint = "; was the download or the copy cut short?";
constexpr std::string_view kSplit = "the zip archive is split into several files; join them first";

struct End {
  std::uint64_t position = 0;  // file offset of the record
  ZipDirectory directory;
  bool is_split = false;       // the archive is split into several files
  std::uint64_t comment = 0;   // length of the comment according to the record
  std::uint64_t trailing = 0;  // bytes between the end of the record and the end of the file
};

End read_end(const io::ByteView& tail, std::uint64_t at) {
  io::ByteReader in(tail.sub(at, kEndSize, "an end record"));
  in.skip(4, "a signature");
  End end;
  end.position = tail.base() + at;
  const std::uint32_t disks = in.u32("disk numbers");
  const std::uint16_t here = in.u16("the entries on this disk");
  end.directory.entries = in.u16("the number of entries");
  end.directory.size = in.u32("the directory's size");
  end.directory.offset = in.u32("the directory's offset");
  end.is_split = disks != 0 || here != end.directory.entries;
  end.comment = in.u16("the comment's length");
  end.trailing = tail.size() - at - kEndSize;
  return end;
}

// Returns every place in the tail that starts like an end record, last one first.
std::vector<End> find_ends(const io::ByteView& tail) {
  std::vector<End> found;
  for (std::uint64_t end = tail.size(); end >= kEndSize;) {
    const std::size_t at = tail.text().rfind(kEndSignature, end - kEndSize);
    if (at == std::string_view::npos) break;
    found.push_back(read_end(tail, at));
    end = at + kEndSize - 1;
  }
  return found;
}

// The end record and its comment are at the end of the file. Two possible end records are an error,
// because different readers would see different archives.
End find_end(const io::InputFile& file) {
  const std::uint64_t length = std::min(file.size(), kEndSize + kLongestComment);
  const std::vector<End> ends =
      find_ends(file.read(file.size() - length, length, "the end of a zip file"));
  const auto fail = [&](ErrorCode code, const std::string& problem) {
    throw Error(code, problem, file.name(), ends.empty() ? file.size() : ends.front().position);
  };
  if (ends.empty()) {
    fail(ErrorCode::corrupt,
         fmt::format("the zip archive has no end record in its last {} bytes{}", length, kHint));
  }
  const End& last = ends.front();
  const auto leads_to_end = [](const End& end) { return end.comment == end.trailing; };
  const auto fitting = std::count_if(ends.begin(), ends.end(), leads_to_end);
  if (fitting == 0) {
    fail(ErrorCode::corrupt,
         fmt::format("the zip archive's end record is followed by {} bytes, but its comment "
                     "should have {}{}",
                     last.trailing, last.comment, kHint));
  }
  if (fitting > 1 || !leads_to_end(last)) {
    fail(ErrorCode::corrupt, "the zip archive has two end records, one of them within a comment");
  }
  if (last.is_split) fail(ErrorCode::unsupported, std::string(kSplit));
  return last;
}

// torch always writes the zip64 records; other programs write them only if a number does not fit.
std::optional<End> find_end64(const io::InputFile& file, const End& end) {
  if (end.position < kLocatorSize) return std::nullopt;
  io::ByteReader locator(file.read(end.position - kLocatorSize, kLocatorSize, "a zip64 locator"));
  if (locator.u32("a signature") != kLocatorMagic) return std::nullopt;
  const std::uint32_t disk = locator.u32("a disk number");
  const std::uint64_t position = locator.u64("the zip64 end record's offset");
  if (disk != 0 || locator.u32("the number of disks") > 1) {
    locator.view().fail(ErrorCode::unsupported, std::string(kSplit), 4);
  }
  if (position > end.position - kLocatorSize ||
      end.position - kLocatorSize - position < kEnd64Size) {
    locator.view().fail(
        fmt::format("the locator puts the zip64 end record at {}, where it does not fit", position),
        8);
  }
  io::ByteReader in(file.read(position, kEnd64Size, "the zip64 end record"));
  if (in.u32("a signature") != kEnd64Magic) {
    in.view().fail("the zip64 locator does not point to a zip64 end record");
  }
  const std::uint64_t record = in.u64("the zip64 end record's size");
  if (record != end.position - kLocatorSize - position - 12) {
    in.view().fail("the zip64 end record does not end where its locator starts", 4);
  }
  in.skip(4, "versions");
  const std::uint64_t disks = in.u64("disk numbers");
  const std::uint64_t here = in.u64("the entries on this disk");
  const std::uint64_t entries = in.u64("the number of entries");
  if (disks != 0 || here != entries) {
    in.view().fail(ErrorCode::unsupported, std::string(kSplit), 16);
  }
  const std::uint64_t size = in.u64("the directory's size");
  return End{position, {in.u64("the directory's offset"), size, entries}};
}

void expect_same(std::uint64_t narrow, std::uint64_t full, std::uint64_t wide,
                 std::string_view what, const io::InputFile& file, std::uint64_t position) {
  if (narrow == full || narrow == wide) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("the two end records of the zip archive disagree about {}: {} and {}",
                          what, narrow, wide),
              file.name(), position);
}

// Finds the central directory through the end record and the zip64 end record. The archive must be
// a single file, and nothing may be between the directory and its end records.
ZipDirectory find_directory(const io::InputFile& file) {
  const End end = find_end(file);
  const std::optional<End> end64 = find_end64(file, end);
  if (end64) {
    const ZipDirectory& narrow = end.directory;
    const ZipDirectory& wide = end64->directory;
    expect_same(narrow.entries, 0xFFFF, wide.entries, "the number of entries", file, end.position);
    expect_same(narrow.size, kInZip64, wide.size, "the directory's size", file, end.position);
    expect_same(narrow.offset, kInZip64, wide.offset, "its offset", file, end.position);
  } else if (end.directory.size == kInZip64 || end.directory.offset == kInZip64) {
    throw Error(ErrorCode::corrupt,
                "the end record of the zip archive refers to a zip64 end record, but there is none",
                file.name(), end.position);
  }
  const End& last = end64 ? *end64 : end;
  const ZipDirectory& found = last.directory;
  if (found.offset > last.position || last.position - found.offset != found.size) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the zip directory should be at {} with {} bytes, but does not end at "
                            "its end record at {}{}",
                            found.offset, found.size, last.position, kHint),
                file.name(), last.position);
  }
  return found;
}

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

// Checks the number of entries first, because it determines how much is allocated.
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
    throw Error(ErrorCode::corrupt,
                fmt::format("the zip directory continues after its last entry, number {}",
                            directory.entries),
                file.name(), directory.offset);
  }
  return entries;
}

// Entries must not overlap: each must end before the next entry's header.
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
  const ZipDirectory directory = find_directory(file);
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
          : "was the file packed again? Unpack it, load it with the library that made it, such as "
            "torch, and save it again";
  throw Error(ErrorCode::unsupported,
              fmt::format("the entry `{}` is compressed (method {}), but only stored entries are "
                          "supported; {}",
                          io::printable(entry.name), entry.method, advice),
              file_.name(), entry.offset);
}

io::ByteView ZipArchive::read(const ZipEntry& entry, std::uint64_t limit) const {
  require_stored(entry);
  if (entry.size > limit) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the entry `{}` has {} bytes, expected at most {}",
                            io::printable(entry.name), entry.size, limit),
                file_.name(), entry.offset);
  }
  return file_.read(entry.offset, entry.size, "a zip entry");
}

}  // namespace lancekeep::formats
