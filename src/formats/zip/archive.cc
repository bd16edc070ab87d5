// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/archive.h"

#include "formats/zip/directory.h"
#include "io/printable.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kLargestDirectory = 256 << 20;
constexpr std::uint64_t kShortestRecord = 46;
constexpr std::uint64_t kLocalSize = 30;
constexpr std::uint32_t kCentralMagic = 0x02014b50;
constexpr std::uint32_t kLocalMagic = 0x04034b50;
constexpr std::uint16_t kSizesFollow =
    1 << 3;  // the local header has none, they stand behind the bytes
constexpr std::uint16_t kUtf8Name = 1 << 11;
constexpr std::uint32_t kInZip64 = 0xFFFFFFFF;

struct Record {
  ZipEntry entry;
  std::uint64_t unpacked = 0;
  std::uint64_t position = 0;  // of the record itself, in the file
  std::uint64_t header = 0;    // of the local header
  std::uint16_t flags = 0;
};

// Sizes and offset that do not fit 32 bits stand in extra field 1, each only if it is needed.
void widen(Record& record, const io::ByteView& extra) {
  const auto is_wide = [](std::uint64_t number) { return number == kInZip64; };
  if (!is_wide(record.unpacked) && !is_wide(record.entry.size) && !is_wide(record.header)) return;
  io::ByteReader fields(extra);
  while (fields.remaining() > 0) {
    const std::uint16_t kind = fields.u16("an extra field");
    io::ByteReader in(fields.take(fields.u16("an extra field's length"), "an extra field"));
    if (kind != 1) continue;
    if (is_wide(record.unpacked)) record.unpacked = in.u64("an entry's size");
    if (is_wide(record.entry.size)) record.entry.size = in.u64("an entry's packed size");
    if (is_wide(record.header)) record.header = in.u64("an entry's offset");
    return;
  }
}

void check_name(const std::string& name, const io::ByteView& record) {
  const std::string slashed = "/" + name + "/";
  const bool odd = name.empty() || name.front() == '/' || name.find('\\') != name.npos ||
                   name.find('\0') != name.npos || slashed.find("/../") != slashed.npos;
  if (odd) {
    record.fail(ErrorCode::unsafe,
                fmt::format("the zip archive has an entry named `{}`, which would "
                            "leave the archive",
                            io::printable(name)));
  }
}

Record read_record(io::ByteReader& in) {
  const std::uint64_t start = in.position();
  const io::ByteView at = in.view().sub(start, in.remaining(), "a zip directory record");
  if (in.u32("a signature") != kCentralMagic) at.fail("no record of the zip directory is here");
  in.skip(4, "versions");
  Record record;
  record.position = at.base();
  record.flags = in.u16("flags");
  record.entry.method = in.u16("the compression method");
  in.skip(8, "time and checksum");
  record.entry.size = in.u32("the packed size");
  record.unpacked = in.u32("the size");
  const std::uint16_t name = in.u16("the name's length");
  const std::uint16_t extra = in.u16("the extra field's length");
  const std::uint16_t comment = in.u16("the comment's length");
  const std::uint16_t disk = in.u16("the disk number");
  in.skip(6, "attributes");
  record.header = in.u32("the local header's offset");
  record.entry.name = std::string(in.take(name, "an entry's name").text());
  check_name(record.entry.name, at);
  if ((record.flags & ~(kSizesFollow | kUtf8Name)) != 0 || disk != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` has flags 0x{:04x} on disk {}; only entries of one file, "
                        "without encryption, are read",
                        io::printable(record.entry.name), record.flags, disk));
  }
  widen(record, in.take(extra, "an extra field"));
  if (record.entry.method == 0 && record.entry.size != record.unpacked) {
    at.fail(fmt::format("the stored entry `{}` has {} bytes packed and {} unpacked",
                        io::printable(record.entry.name), record.entry.size, record.unpacked));
  }
  in.skip(comment, "an entry's comment");
  return record;
}

bool agrees(std::uint64_t local, std::uint64_t central, const Record& record) {
  const bool follows = (record.flags & kSizesFollow) != 0 && local == 0;
  return follows || local == central || local == kInZip64;
}

// Sets where the entry's bytes are; they must end before `limit`, where the next header starts.
void locate(Record& record, const io::InputFile& file, std::uint64_t limit) {
  const auto fail = [&](const std::string& problem) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the entry `{}` {}", io::printable(record.entry.name), problem),
                file.name(), record.header);
  };
  if (record.header > limit || limit - record.header < kLocalSize) {
    fail(fmt::format("starts at {}, but what follows it starts at {}", record.header, limit));
  }
  io::ByteReader in(file.read(record.header, kLocalSize, "a local header"));
  if (in.u32("a signature") != kLocalMagic) fail("has no local header where the directory says");
  in.skip(2, "a version");
  const std::uint16_t flags = in.u16("flags");
  const std::uint16_t method = in.u16("the compression method");
  in.skip(8, "time and checksum");
  const std::uint32_t packed = in.u32("the packed size");
  const std::uint32_t size = in.u32("the size");
  const std::uint16_t name = in.u16("the name's length");
  const std::uint16_t extra = in.u16("the extra field's length");
  if (flags != record.flags || method != record.entry.method ||
      !agrees(packed, record.entry.size, record) || !agrees(size, record.unpacked, record)) {
    fail(fmt::format(
        "is described otherwise in its local header: flags 0x{:04x}, method {}, {} bytes", flags,
        method, size));
  }
  const std::uint64_t room = limit - record.header - kLocalSize;
  const std::uint64_t before = std::uint64_t{name} + extra;
  if (before > room || room - before < record.entry.size) {
    fail(fmt::format("has {} bytes, which reach past {}, where something else starts",
                     record.entry.size, limit));
  }
  const io::ByteView own = file.read(record.header + kLocalSize, name, "an entry's name");
  if (own.text() != record.entry.name) {
    fail(fmt::format("is named `{}` in its local header", io::printable(own.text())));
  }
  record.entry.offset = record.header + kLocalSize + before;
}

std::vector<Record> read_records(const io::InputFile& file, const ZipDirectory& directory) {
  if (directory.size > kLargestDirectory) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the zip directory has {} bytes; at most {} are read", directory.size,
                            kLargestDirectory),
                file.name(), directory.offset);
  }
  if (directory.entries > directory.size / kShortestRecord) {
    throw Error(ErrorCode::corrupt,
                fmt::format("the zip directory has {} entries, but only {} bytes",
                            directory.entries, directory.size),
                file.name(), directory.offset);
  }
  io::ByteReader in(file.read(directory.offset, directory.size, "the zip directory"));
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < directory.entries; ++i) records.push_back(read_record(in));
  if (in.remaining() > 0) in.fail("the zip directory goes on after its last entry");
  return records;
}

}  // namespace

ZipArchive::ZipArchive(const io::InputFile& file) : file_(file) {
  const ZipDirectory directory = find_zip_directory(file);
  std::vector<Record> records = read_records(file, directory);
  std::sort(records.begin(), records.end(),
            [](const Record& a, const Record& b) { return a.header < b.header; });
  for (std::size_t i = 0; i < records.size(); ++i) {
    locate(records[i], file, i + 1 < records.size() ? records[i + 1].header : directory.offset);
  }
  std::sort(records.begin(), records.end(),
            [](const Record& a, const Record& b) { return a.entry.name < b.entry.name; });
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i > 0 && records[i].entry.name == records[i - 1].entry.name) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("the zip archive has two entries named `{}`",
                              io::printable(records[i].entry.name)),
                  file.name(), records[i].position);
    }
  }
  entries_.reserve(records.size());
  for (Record& record : records) entries_.push_back(std::move(record.entry));
}

const ZipEntry* ZipArchive::find(std::string_view name) const noexcept {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), name,
      [](const ZipEntry& entry, std::string_view key) { return entry.name < key; });
  return found == entries_.end() || found->name != name ? nullptr : &*found;
}

void ZipArchive::require_stored(const ZipEntry& entry) const {
  if (entry.method == 0) return;
  throw Error(
      ErrorCode::unsupported,
      fmt::format("the entry `{}` is compressed (method {}), but torch.save only stores; was the "
                  "file packed again? Unpack it, and load and save it with torch",
                  io::printable(entry.name), entry.method),
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
