// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/record.h"

#include "formats/zip/entry_name.h"
#include "formats/zip/extra_field.h"
#include "io/utf8.h"

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

void check_flags(const ZipEntry& entry, std::uint16_t disk, const io::ByteView& at) {
  const std::string name = io::printable(entry.name);
  if ((entry.flags & kEncrypted) != 0) {
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
  if ((entry.flags & ~kKnown) != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` has flags 0x{:04x}; only encodings without patches and "
                        "masks are read",
                        name, entry.flags));
  }
}

// Sizes and offset that do not fit 32 bits stand in the zip64 field, each only if it is needed.
void widen(ZipEntry& entry, const io::ByteView& extra) {
  const auto is_wide = [](std::uint64_t number) { return number == kInZip64; };
  if (!is_wide(entry.unpacked) && !is_wide(entry.size) && !is_wide(entry.header)) return;
  std::optional<io::ByteReader> in = find_zip64_field(extra);
  if (!in) {
    extra.fail(
        fmt::format("the entry `{}` has numbers that should be in a zip64 extra field, but "
                    "has no such field",
                    io::printable(entry.name)));
  }
  if (is_wide(entry.unpacked)) entry.unpacked = in->u64("an entry's zip64 size");
  if (is_wide(entry.size)) entry.size = in->u64("an entry's zip64 packed size");
  if (is_wide(entry.header)) entry.header = in->u64("an entry's zip64 offset");
}

void check_name(const std::string& name, const io::ByteView& at) {
  if (const auto problem = zip_name_problem(name)) {
    at.fail(ErrorCode::unsafe, fmt::format("the zip archive has an entry named `{}`, which {}",
                                           io::printable(name), *problem));
  }
}

ZipEntry read_record(io::ByteReader& in) {
  const io::ByteView at = in.view().sub(in.position(), in.remaining(), "a zip directory record");
  if (in.u32("a signature") != kMagic) at.fail("no record of the zip directory is here");
  in.skip(4, "versions");
  ZipEntry entry;
  entry.flags = in.u16("flags");
  entry.method = in.u16("the compression method");
  in.skip(4, "the time");
  entry.crc32 = in.u32("the checksum");
  entry.size = in.u32("the packed size");
  entry.unpacked = in.u32("the size");
  const std::uint16_t name = in.u16("the name's length");
  const std::uint16_t extra = in.u16("the extra field's length");
  const std::uint16_t comment = in.u16("the comment's length");
  const std::uint16_t disk = in.u16("the disk number");
  in.skip(6, "attributes");
  entry.header = in.u32("the local header's offset");
  entry.name = std::string(in.take(name, "an entry's name").text());
  check_name(entry.name, at);
  check_flags(entry, disk, at);
  widen(entry, in.take(extra, "an extra field"));
  if (entry.method == 0 && entry.size != entry.unpacked) {
    at.fail(fmt::format("the stored entry `{}` has {} bytes packed and {} unpacked",
                        io::printable(entry.name), entry.size, entry.unpacked));
  }
  in.skip(comment, "an entry's comment");
  return entry;
}

}  // namespace

ZipRecordReader::ZipRecordReader(const io::InputFile& file, const ZipDirectory& directory)
    : file_(file),
      end_(directory.offset + directory.size),
      in_(window(file, directory.offset, end_)) {}

bool ZipRecordReader::is_at_end() const noexcept {
  return in_.view().base() + in_.position() == end_;
}

ZipEntry ZipRecordReader::next() {
  const std::uint64_t position = in_.view().base() + in_.position();
  const bool may_be_cut = in_.remaining() < std::min(kLongestRecord, end_ - position);
  if (may_be_cut) in_ = window(file_, position, end_);
  return read_record(in_);
}

}  // namespace lancekeep::formats
