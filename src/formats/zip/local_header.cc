// SPDX-License-Identifier: Apache-2.0
// locate_zip_entry() of record.h. Where a local header and the directory contradict each other, two
// readers of one archive could see two different models; so every field that both have must agree.
#include "formats/zip/extra_field.h"
#include "formats/zip/record.h"
#include "io/utf8.h"

#include <fmt/format.h>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kFixedSize = 30;
constexpr std::uint32_t kMagic = 0x04034b50;

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
  std::uint16_t name = 0;  // its length
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
  const std::uint64_t at = entry.header + kFixedSize + local.name;
  std::optional<io::ByteReader> in =
      find_zip64_field(file.read(at, local.extra, "a local header's extra fields"));
  if (!in) {
    fail(entry, file,
         "has sizes that should be in a zip64 extra field of its local header, but has no such "
         "field");
  }
  if (local.size == kInZip64) local.size = in->u64("an entry's zip64 size");
  if (local.packed == kInZip64) local.packed = in->u64("an entry's zip64 packed size");
}

void check_agreement(const LocalHeader& local, const ZipEntry& entry, const io::InputFile& file) {
  const auto expect_same = [&](std::string_view what, std::uint64_t here, std::uint64_t there) {
    if (here == there) return;
    fail(entry, file,
         fmt::format("has {} {} in its local header and {} in the directory", what, here, there));
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
  if (entry.header > limit || limit - entry.header < kFixedSize + name_size) {
    fail(entry, file,
         fmt::format("starts at {}, but what follows it starts at {}", entry.header, limit));
  }
  // With the name, for one system call an entry.
  const io::ByteView header = file.read(entry.header, kFixedSize + name_size, "a local header");
  io::ByteReader in(header);
  if (in.u32("a signature") != kMagic) {
    fail(entry, file, "has no local header where the directory says");
  }
  LocalHeader local = read_fixed_part(in);
  const std::string_view name = header.text().substr(kFixedSize);
  if (local.name != name_size || name != entry.name) {
    fail(entry, file,
         fmt::format("is named `{}` in its local header, with {} bytes", io::printable(name),
                     local.name));
  }
  const std::uint64_t room = limit - entry.header - kFixedSize - name_size;
  if (local.extra > room || room - local.extra < entry.size) {
    fail(entry, file,
         fmt::format("has {} bytes, which reach past {}, where something else starts", entry.size,
                     limit));
  }
  widen(local, entry, file);
  check_agreement(local, entry, file);
  entry.offset = entry.header + kFixedSize + name_size + local.extra;
}

}  // namespace lancekeep::formats
