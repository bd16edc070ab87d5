// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/zip_writer.h"

#include "formats/zip/zip_entry.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>

namespace lancekeep::formats {
namespace {

constexpr std::uint16_t kVersion = 20;  // format version needed to read stored entries
constexpr std::uint16_t kZip64Version = 45;
constexpr std::uint16_t kUnix = 3 << 8;
constexpr std::uint32_t kRegularFile = 0100644u << 16;  // Unix mode
constexpr std::uint16_t kMidnight = 0;
constexpr std::uint16_t kNewYear1980 = 1 << 5 | 1;  // a fixed date keeps the bytes reproducible
constexpr std::uint16_t kAlignmentField = 0xD935;  // padding; it contains the alignment, then zeros
constexpr std::size_t kAlignmentFieldSize = 6;
constexpr std::uint16_t kManyEntries = 0xFFFF;  // this many entries or more need a zip64 count

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

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

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

// The fields that local headers and directory records share, from the version to the name's length.
void add_shared_fields(Bytes& bytes, const ZipEntry& entry, std::uint16_t version) {
  bytes.add(version, entry.flags, std::uint16_t{0}, kMidnight, kNewYear1980, entry.crc32,
            narrow(entry.size), narrow(entry.size), length16(entry.name));
}

}  // namespace

std::string encode_zip_local_header(const ZipEntry& entry) {
  Bytes sizes;
  if (is_wide(entry.size)) sizes.add(entry.size, entry.size);
  const std::string zip64 = zip64_field(sizes.text());
  const std::uint64_t end =
      entry.header + kZipLocalHeaderSize + entry.name.size() + zip64.size() + kAlignmentFieldSize;
  const std::uint64_t padding = (kZipAlignment - end % kZipAlignment) % kZipAlignment;

  Bytes extra;
  extra.add(zip64);
  extra.add(kAlignmentField, static_cast<std::uint16_t>(sizeof kAlignmentField + padding),
            static_cast<std::uint16_t>(kZipAlignment));
  extra.add(std::string(padding, '\0'));

  Bytes header;
  header.add(std::uint32_t{0x04034b50});
  add_shared_fields(header, entry, zip64.empty() ? kVersion : kZip64Version);
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
  add_shared_fields(bytes, entry, version);
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

ZipWriter::ZipWriter(const std::filesystem::path& path) : path_(path.string()), file_(path) {}

void ZipWriter::begin_entry(const std::string& name, std::uint64_t size) {
  require_zip_entry_name(name, path_);
  ZipEntry entry;
  entry.name = name;
  entry.size = entry.unpacked = size;
  entry.flags = is_ascii(name) ? 0 : kZipUtf8Name;
  entry.header = file_.position();
  const std::string header = encode_zip_local_header(entry);
  entry.offset = entry.header + header.size();
  file_.write(bytes_of(header));
  entries_.push_back(std::move(entry));
  crc_ = {};
}

void ZipWriter::write(std::span<const std::byte> bytes) {
  crc_.add(bytes);
  file_.write(bytes);
}

void ZipWriter::end_entry() {
  ZipEntry& entry = entries_.back();
  if (const std::uint64_t written = file_.position() - entry.offset; written != entry.size) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("the entry `{}` should have {} bytes, but {} were written",
                            io::printable(entry.name), entry.size, written),
                path_);
  }
  entry.crc32 = crc_.value();
  std::array<std::byte, sizeof entry.crc32> checksum;
  for (std::size_t i = 0; i < checksum.size(); ++i) {
    checksum[i] = static_cast<std::byte>(entry.crc32 >> (8 * i));
  }
  file_.rewrite(entry.header + kZipChecksumAt, checksum);
}

void ZipWriter::commit() {
  ZipDirectory directory;
  directory.offset = file_.position();
  directory.entries = entries_.size();
  std::string text;
  for (const ZipEntry& entry : entries_) {
    text += encode_zip_record(entry);
    if (text.size() < std::size_t{1} << 20) continue;
    file_.write(bytes_of(text));
    text.clear();
  }
  file_.write(bytes_of(text));
  directory.size = file_.position() - directory.offset;
  file_.write(bytes_of(encode_zip_end(directory)));
  file_.commit();
}

}  // namespace lancekeep::formats
