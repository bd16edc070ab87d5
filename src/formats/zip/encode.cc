// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/encode.h"

#include "formats/zip/extra_field.h"

#include <concepts>

namespace lancekeep::formats {
namespace {

constexpr std::uint16_t kVersion = 20;  // of the format, needed to read plain entries
constexpr std::uint16_t kZip64Version = 45;
constexpr std::uint16_t kUnix = 3 << 8;
constexpr std::uint32_t kRegularFile = 0100644u << 16;  // Unix permissions
constexpr std::uint16_t kMidnight = 0;
constexpr std::uint16_t kNewYear1980 = 1 << 5 | 1;  // the format's first day: the same bytes always
constexpr std::uint16_t kAlignmentField = 0xD935;   // an alignment, and zeros up to it
constexpr std::size_t kAlignmentFieldSize = 6;
constexpr std::uint16_t kManyEntries = 0xFFFF;  // as many or more are counted in zip64

class Bytes {
 public:
  template <std::unsigned_integral... Numbers>
  void add(Numbers... numbers) {
    (add_one(numbers), ...);
  }
  void add(const std::string& text) { text_ += text; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  template <std::unsigned_integral Number>
  void add_one(Number number) {
    for (std::size_t i = 0; i < sizeof number; ++i) {
      text_ += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF);
    }
  }

  std::string text_;
};

bool is_wide(std::uint64_t number) { return number >= kInZip64; }

std::uint32_t narrow(std::uint64_t number) {
  return is_wide(number) ? kInZip64 : static_cast<std::uint32_t>(number);
}

std::uint16_t length16(const std::string& text) { return static_cast<std::uint16_t>(text.size()); }

std::string zip64_field(const std::string& numbers) {
  if (numbers.empty()) return {};
  Bytes field;
  field.add(kZip64Field, length16(numbers));
  field.add(numbers);
  return field.text();
}

// What a local header and a record of the directory have in common, up to the name's length.
void add_facts(Bytes& bytes, const ZipEntry& entry, std::uint16_t version) {
  bytes.add(version, entry.flags, std::uint16_t{0}, kMidnight, kNewYear1980, entry.crc32,
            narrow(entry.size), narrow(entry.size), length16(entry.name));
}

}  // namespace

std::string encode_zip_local_header(const ZipEntry& entry) {
  Bytes sizes;
  if (is_wide(entry.size)) sizes.add(entry.size, entry.size);
  const std::string zip64 = zip64_field(sizes.text());
  constexpr std::uint64_t kFixedSize = 30;
  const std::uint64_t end =
      entry.header + kFixedSize + entry.name.size() + zip64.size() + kAlignmentFieldSize;
  const std::uint64_t padding = (kZipAlignment - end % kZipAlignment) % kZipAlignment;

  Bytes extra;
  extra.add(zip64);
  extra.add(kAlignmentField, static_cast<std::uint16_t>(sizeof kAlignmentField + padding),
            static_cast<std::uint16_t>(kZipAlignment));
  extra.add(std::string(padding, '\0'));

  Bytes header;
  header.add(std::uint32_t{0x04034b50});
  add_facts(header, entry, zip64.empty() ? kVersion : kZip64Version);
  header.add(length16(extra.text()));
  header.add(entry.name);
  header.add(extra.text());
  return header.text();
}

std::string encode_zip_record(const ZipEntry& entry) {
  Bytes wide;
  if (is_wide(entry.size)) wide.add(entry.size, entry.size);
  if (is_wide(entry.header)) wide.add(entry.header);
  const std::string extra = zip64_field(wide.text());
  const std::uint16_t version = extra.empty() ? kVersion : kZip64Version;

  Bytes bytes;
  bytes.add(std::uint32_t{0x02014b50}, static_cast<std::uint16_t>(kUnix | version));
  add_facts(bytes, entry, version);
  constexpr std::uint16_t kNoComment = 0;
  constexpr std::uint16_t kFirstDisk = 0;
  constexpr std::uint16_t kNoText = 0;
  bytes.add(length16(extra), kNoComment, kFirstDisk, kNoText, kRegularFile, narrow(entry.header));
  bytes.add(entry.name);
  bytes.add(extra);
  return bytes.text();
}

std::string encode_zip_end(const ZipDirectory& directory) {
  const bool is_many = directory.entries >= kManyEntries;
  Bytes bytes;
  constexpr std::uint32_t kFirstDisk = 0;
  if (is_many || is_wide(directory.size) || is_wide(directory.offset)) {
    constexpr std::uint64_t kRestOfEnd64 = 44;
    bytes.add(std::uint32_t{0x06064b50}, kRestOfEnd64,
              static_cast<std::uint16_t>(kUnix | kZip64Version), kZip64Version, kFirstDisk,
              kFirstDisk, directory.entries, directory.entries, directory.size, directory.offset);
    constexpr std::uint32_t kDisks = 1;
    bytes.add(std::uint32_t{0x07064b50}, kFirstDisk, directory.offset + directory.size, kDisks);
  }
  const std::uint16_t entries =
      is_many ? kManyEntries : static_cast<std::uint16_t>(directory.entries);
  constexpr std::uint16_t kNoComment = 0;
  bytes.add(std::uint32_t{0x06054b50}, kFirstDisk, entries, entries, narrow(directory.size),
            narrow(directory.offset), kNoComment);
  return bytes.text();
}

}  // namespace lancekeep::formats
