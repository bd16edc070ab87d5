// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/writer.h"

#include "formats/zip/encode.h"
#include "formats/zip/entry_name.h"
#include "io/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lancekeep::formats {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

}  // namespace

ZipWriter::ZipWriter(const std::filesystem::path& path) : name_(path.string()), file_(path) {}

void ZipWriter::begin_entry(const std::string& name, std::uint64_t size) {
  require_zip_entry_name(name, name_);
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
                fmt::format("{} bytes were written for the entry `{}` of {}", written,
                            io::printable(entry.name), entry.size),
                name_);
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
