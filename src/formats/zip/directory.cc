// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/directory.h"

#include "formats/zip/extra_field.h"

#include <fmt/format.h>

#include <algorithm>
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
constexpr std::string_view kSplit = "the zip archive is split over several files; join them first";

struct End {
  std::uint64_t position = 0;  // in the file
  ZipDirectory directory;
  bool is_split = false;      // over several files
  std::uint64_t comment = 0;  // its length, as the record says
  std::uint64_t behind = 0;   // bytes from the record's end to the file's
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
  end.behind = tail.size() - at - kEndSize;
  return end;
}

// Whatever in the tail starts like an end record, the last one first.
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

// The end record is the last thing in the file but for its comment, whose length must lead to the
// end. Where another one could be meant, different readers would see different archives.
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
  const auto leads_to_end = [](const End& end) { return end.comment == end.behind; };
  const auto fitting = std::count_if(ends.begin(), ends.end(), leads_to_end);
  if (fitting == 0) {
    fail(ErrorCode::corrupt,
         fmt::format("the zip archive's end record is followed by {} bytes, but its comment is "
                     "said to have {}{}",
                     last.behind, last.comment, kHint));
  }
  if (fitting > 1 || !leads_to_end(last)) {
    fail(ErrorCode::corrupt, "the zip archive has two end records, one of them in a comment");
  }
  if (last.is_split) fail(ErrorCode::unsupported, std::string(kSplit));
  return last;
}

// torch writes the zip64 records always, others only where a number does not fit the end record.
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
    locator.view().fail(fmt::format("the zip64 end record is said to be at {}, where there is no "
                                    "room for it",
                                    position),
                        8);
  }
  io::ByteReader in(file.read(position, kEnd64Size, "the zip64 end record"));
  if (in.u32("a signature") != kEnd64Magic) {
    in.view().fail("the zip64 locator leads to something that is no zip64 end record");
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
              fmt::format("the two end records of the zip archive disagree on {}: {} and {}", what,
                          narrow, wide),
              file.name(), position);
}

}  // namespace

ZipDirectory find_zip_directory(const io::InputFile& file) {
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
                "the end record of the zip archive says that its numbers are in a zip64 end "
                "record, but there is none",
                file.name(), end.position);
  }
  const End& last = end64 ? *end64 : end;
  const ZipDirectory& found = last.directory;
  if (found.offset > last.position || last.position - found.offset != found.size) {
    throw Error(
        ErrorCode::corrupt,
        fmt::format("the zip directory is said to lie at {} with {} bytes, which does not end "
                    "at its end record at {}{}",
                    found.offset, found.size, last.position, kHint),
        file.name(), last.position);
  }
  return found;
}

}  // namespace lancekeep::formats
