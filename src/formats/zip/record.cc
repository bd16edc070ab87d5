// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/record.h"

#include "formats/zip/entry_name.h"
#include "formats/zip/extra_field.h"
#include "io/printable.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

constexpr std::uint32_t kMagic = 0x02014b50;
constexpr std::uint64_t kLongestRecord = kZipShortestRecord + 3 * 0xFFFF;
constexpr std::uint64_t kWindow = 1 << 20;
constexpr std::uint16_t kEncrypted = 1 << 0;
constexpr std::uint16_t kCompressionLevel = 3 << 1;  // how hard the packer tried

io::ByteReader window(const io::InputFile& file, std::uint64_t from, std::uint64_t end) {
  return io::ByteReader(file.read(from, std::min(kWindow, end - from), "the zip directory"));
}

void check_flags(const ZipRecord& record, std::uint16_t disk, const io::ByteView& at) {
  const std::string name = io::printable(record.entry.name);
  if ((record.flags & kEncrypted) != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` is encrypted; unpack the archive with its password, and "
                        "pack it again without",
                        name));
  }
  if (disk != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` is on disk {} of a zip archive that is split over several "
                        "files; join them first",
                        name, disk));
  }
  constexpr std::uint16_t kKnown = kZipSizesFollow | kZipUtf8Name | kCompressionLevel;
  if ((record.flags & ~kKnown) != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` has flags 0x{:04x}; only encodings without patches and "
                        "masks are read",
                        name, record.flags));
  }
}

// Sizes and offset that do not fit 32 bits stand in the zip64 field, each only if it is needed.
void widen(ZipRecord& record, const io::ByteView& extra) {
  const auto is_wide = [](std::uint64_t number) { return number == kInZip64; };
  if (!is_wide(record.unpacked) && !is_wide(record.entry.size) && !is_wide(record.header)) return;
  std::optional<io::ByteReader> in = find_zip64_field(extra);
  if (!in) {
    extra.fail(
        fmt::format("the entry `{}` has numbers that should be in a zip64 extra field, but "
                    "has no such field",
                    io::printable(record.entry.name)));
  }
  if (is_wide(record.unpacked)) record.unpacked = in->u64("an entry's zip64 size");
  if (is_wide(record.entry.size)) record.entry.size = in->u64("an entry's zip64 packed size");
  if (is_wide(record.header)) record.header = in->u64("an entry's zip64 offset");
}

void check_name(const std::string& name, const io::ByteView& at) {
  if (const auto problem = zip_name_problem(name)) {
    at.fail(ErrorCode::unsafe, fmt::format("the zip archive has an entry named `{}`, which {}",
                                           io::printable(name), *problem));
  }
}

ZipRecord read_record(io::ByteReader& in) {
  const io::ByteView at = in.view().sub(in.position(), in.remaining(), "a zip directory record");
  if (in.u32("a signature") != kMagic) at.fail("no record of the zip directory is here");
  in.skip(4, "versions");
  ZipRecord record;
  record.position = at.base();
  record.flags = in.u16("flags");
  record.entry.is_utf8 = (record.flags & kZipUtf8Name) != 0;
  record.entry.method = in.u16("the compression method");
  in.skip(4, "the time");
  record.entry.crc32 = in.u32("the checksum");
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
  check_flags(record, disk, at);
  widen(record, in.take(extra, "an extra field"));
  if (record.entry.method == 0 && record.entry.size != record.unpacked) {
    at.fail(fmt::format("the stored entry `{}` has {} bytes packed and {} unpacked",
                        io::printable(record.entry.name), record.entry.size, record.unpacked));
  }
  in.skip(comment, "an entry's comment");
  return record;
}

}  // namespace

ZipRecordReader::ZipRecordReader(const io::InputFile& file, const ZipDirectory& directory)
    : file_(file),
      end_(directory.offset + directory.size),
      in_(window(file, directory.offset, end_)) {}

bool ZipRecordReader::is_at_end() const noexcept {
  return in_.view().base() + in_.position() == end_;
}

ZipRecord ZipRecordReader::next() {
  const std::uint64_t position = in_.view().base() + in_.position();
  const bool may_be_cut = in_.remaining() < std::min(kLongestRecord, end_ - position);
  if (may_be_cut) in_ = window(file_, position, end_);
  return read_record(in_);
}

}  // namespace lancekeep::formats
