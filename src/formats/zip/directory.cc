// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kLongestComment = 0xFFFF;
constexpr std::uint64_t kLocatorSize = 20;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::uint32_t kEndMagic = 0x06054b50;
constexpr std::uint32_t kLocatorMagic = 0x07064b50;
constexpr std::uint32_t kEnd64Magic = 0x06064b50;

constexpr std::string_view kHint = "; was the download or the copy cut short?";

struct End {
  std::uint64_t position = 0;  // in the file
  ZipDirectory directory;
};

// The end record is the last thing in the file but for its comment, whose length must lead to the
// end.
End find_end(const io::InputFile& file) {
  const std::uint64_t length = std::min(file.size(), kEndSize + kLongestComment);
  const io::ByteView tail = file.read(file.size() - length, length, "the end of a zip file");
  for (std::uint64_t at = length < kEndSize ? 0 : length - kEndSize + 1; at-- > 0;) {
    io::ByteReader in(tail.sub(at, length - at, "an end record"));
    if (in.u32("a signature") != kEndMagic) continue;
    const std::uint32_t disks = in.u32("disk numbers");
    const std::uint16_t here = in.u16("the entries on this disk");
    const std::uint16_t entries = in.u16("the number of entries");
    const std::uint32_t size = in.u32("the directory's size");
    const std::uint32_t offset = in.u32("the directory's offset");
    if (in.u16("the comment's length") != in.remaining()) continue;
    if (disks != 0 || here != entries) {
      tail.fail(ErrorCode::unsupported, "the zip archive is split over several files", at);
    }
    return {tail.base() + at, {offset, size, entries}};
  }
  throw Error(
      ErrorCode::corrupt,
      fmt::format("the zip archive has no end record in its last {} bytes{}", length, kHint),
      file.name(), file.size());
}

// torch writes the zip64 records always, others only where a number does not fit the end record.
std::optional<End> find_end64(const io::InputFile& file, const End& end) {
  if (end.position < kLocatorSize) return std::nullopt;
  io::ByteReader locator(file.read(end.position - kLocatorSize, kLocatorSize, "a zip64 locator"));
  if (locator.u32("a signature") != kLocatorMagic) return std::nullopt;
  locator.skip(4, "a disk number");
  const std::uint64_t position = locator.u64("the zip64 end record's offset");
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
    in.view().fail(ErrorCode::unsupported, "the zip archive is split over several files", 16);
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
    expect_same(narrow.size, 0xFFFFFFFF, wide.size, "the directory's size", file, end.position);
    expect_same(narrow.offset, 0xFFFFFFFF, wide.offset, "its offset", file, end.position);
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
