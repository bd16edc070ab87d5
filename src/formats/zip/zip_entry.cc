// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/zip_entry.h"

#include <lancekeep/error.h>

#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

std::optional<std::string> writing_problem(const std::string& name) {
  constexpr std::size_t kLongest = 0xFFFF;
  if (name.size() > kLongest) return "has more than 65535 bytes";
  if (io::utf8_error(name)) return "is not UTF-8";
  return zip_name_problem(name);
}

}  // namespace

std::optional<std::string> zip_name_problem(std::string_view name) {
  const std::string slashed = "/" + std::string(name) + "/";
  if (name.empty()) return "is empty";
  if (name.find('\0') != name.npos) return "contains a NUL character";
  if (name.find('\\') != name.npos) {
    return "contains a backslash, which some systems treat as a path separator";
  }
  if (name.front() == '/' || slashed.find("/../") != slashed.npos) {
    return "would leave the archive";
  }
  return std::nullopt;
}

void require_zip_entry_name(const std::string& name, const std::filesystem::path& path) {
  const auto problem = writing_problem(name);
  if (!problem) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("an entry of a zip archive cannot be named `{}`: the name {}; nothing "
                          "was written",
                          io::printable(name), *problem),
              path.string());
}

std::optional<io::ByteReader> find_zip64_field(const io::ByteView& extra) {
  std::optional<io::ByteReader> found;
  io::ByteReader fields(extra);
  while (fields.remaining() > 0) {
    const std::uint16_t kind = fields.u16("an extra field");
    const std::uint16_t length = fields.u16("an extra field's length");
    const io::ByteView content = fields.take(length, "an extra field");
    if (kind != kZip64Field) continue;
    if (found) content.fail("a zip header has two zip64 extra fields");
    found = io::ByteReader(content);
  }
  return found;
}

namespace {

constexpr std::uint32_t kRecordMagic = 0x02014b50;
constexpr std::uint64_t kLongestRecord = kZipShortestRecord + 3 * 0xFFFF;
constexpr std::uint64_t kWindow = 1 << 20;
constexpr std::uint16_t kEncrypted = 1 << 0;
constexpr std::uint16_t kCompressionLevel = 3 << 1;

io::ByteReader window(const io::InputFile& file, std::uint64_t from, std::uint64_t end) {
  return io::ByteReader(file.read(from, std::min(kWindow, end - from), "the zip directory"));
}

void check_flags(const ZipEntry& entry, std::uint16_t disk, const io::ByteView& at) {
  const std::string name = io::printable(entry.name);
  if ((entry.flags & kEncrypted) != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` is encrypted; unpack the archive with its password and "
                        "pack it again without one",
                        name));
  }
  if (disk != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` is on disk {} of a zip archive that is split into several "
                        "files; join them first",
                        name, disk));
  }
  constexpr std::uint16_t kKnown = kZipSizesFollow | kZipUtf8Name | kCompressionLevel;
  if ((entry.flags & ~kKnown) != 0) {
    at.fail(ErrorCode::unsupported,
            fmt::format("the entry `{}` has flags 0x{:04x}; only UTF-8 names, sizes after the "
                        "data and compression levels are supported",
                        name, entry.flags));
  }
}

// The zip64 field has those sizes and offsets that do not fit in 32 bits, and no others.
void widen(ZipEntry& entry, const io::ByteView& extra) {
  const auto is_wide = [](std::uint64_t number) { return number == kInZip64; };
  if (!is_wide(entry.unpacked) && !is_wide(entry.size) && !is_wide(entry.header)) return;
  std::optional<io::ByteReader> in = find_zip64_field(extra);
  if (!in) {
    extra.fail(
        fmt::format("the entry `{}` needs a zip64 extra field for its sizes or offset, but has "
                    "none",
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
  if (in.u32("a signature") != kRecordMagic) {
    at.fail("expected a record of the zip directory here");
  }
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
    at.fail(fmt::format("the stored entry `{}` has {} packed and {} unpacked bytes",
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

namespace {

constexpr std::uint32_t kLocalHeaderMagic = 0x04034b50;

[[noreturn]] void fail(const ZipEntry& entry, const io::InputFile& file,
                       const std::string& problem) {
  throw Error(ErrorCode::corrupt,
              fmt::format("the entry `{}` {}", io::printable(entry.name), problem), file.name(),
              entry.header);
}

struct LocalHeader {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc32 = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint16_t name = 0;  // the name's length
  std::uint16_t extra = 0;
};

LocalHeader read_fixed_part(io::ByteReader& in) {
  LocalHeader local;
  in.skip(2, "a version");
  local.flags = in.u16("flags");
  local.method = in.u16("the compression method");
  in.skip(4, "the time");
  local.crc32 = in.u32("the checksum");
  local.packed = in.u32("the packed size");
  local.size = in.u32("the size");
  local.name = in.u16("the name's length");
  local.extra = in.u16("the extra field's length");
  return local;
}

void widen(LocalHeader& local, const ZipEntry& entry, const io::InputFile& file) {
  if (local.packed != kInZip64 && local.size != kInZip64) return;
  const std::uint64_t at = entry.header + kZipLocalHeaderSize + local.name;
  std::optional<io::ByteReader> in =
      find_zip64_field(file.read(at, local.extra, "a local header's extra fields"));
  if (!in) {
    fail(entry, file, "needs a zip64 extra field for the sizes in its local header, but has none");
  }
  if (local.size == kInZip64) local.size = in->u64("an entry's zip64 size");
  if (local.packed == kInZip64) local.packed = in->u64("an entry's zip64 packed size");
}

void check_agreement(const LocalHeader& local, const ZipEntry& entry, const io::InputFile& file) {
  const auto expect_same = [&](std::string_view what, std::uint64_t here, std::uint64_t there) {
    if (here == there) return;
    fail(entry, file,
         fmt::format("has {} {} in its local header, but {} in the directory", what, here, there));
  };
  const auto expect_same_or_later = [&](std::string_view what, std::uint64_t here,
                                        std::uint64_t there) {
    const bool is_later = (entry.flags & kZipSizesFollow) != 0 && here == 0;
    if (!is_later) expect_same(what, here, there);
  };
  expect_same("the flags", local.flags, entry.flags);
  expect_same("the compression method", local.method, entry.method);
  expect_same_or_later("the checksum", local.crc32, entry.crc32);
  expect_same_or_later("the packed size", local.packed, entry.size);
  expect_same_or_later("the size", local.size, entry.unpacked);
}

}  // namespace

void locate_zip_entry(ZipEntry& entry, const io::InputFile& file, std::uint64_t limit) {
  const std::uint64_t name_size = entry.name.size();
  if (entry.header > limit || limit - entry.header < kZipLocalHeaderSize + name_size) {
    fail(entry, file,
         fmt::format("starts at {}, but the next entry or the directory starts at {}", entry.header,
                     limit));
  }
  // Reads the header together with the name, which takes one system call per entry.
  const io::ByteView header =
      file.read(entry.header, kZipLocalHeaderSize + name_size, "a local header");
  io::ByteReader in(header);
  if (in.u32("a signature") != kLocalHeaderMagic) {
    fail(entry, file, "has no local header at the offset that the directory gives");
  }
  LocalHeader local = read_fixed_part(in);
  const std::string_view name = header.text().substr(kZipLocalHeaderSize);
  if (local.name != name_size || name != entry.name) {
    fail(entry, file,
         fmt::format("is named `{}` ({} bytes) in its local header", io::printable(name),
                     local.name));
  }
  const std::uint64_t room = limit - entry.header - kZipLocalHeaderSize - name_size;
  if (local.extra > room || room - local.extra < entry.size) {
    fail(entry, file,
         fmt::format(
             "has {} bytes and would extend past {}, where the next entry or the directory starts",
             entry.size, limit));
  }
  widen(local, entry, file);
  check_agreement(local, entry, file);
  entry.offset = entry.header + kZipLocalHeaderSize + name_size + local.extra;
}

}  // namespace lancekeep::formats
