// SPDX-License-Identifier: Apache-2.0
// Writes a zip archive of stored entries, front to back. Uses zip64 only for numbers that need it.
// The size of an entry must be known before it is written; its checksum is computed while its data
// is written, and then stored in the local header. commit() gives the complete archive its final
// name; without commit(), no file appears. A ZipWriter belongs to one thread; the functions may be
// called from any thread.
#pragma once

#include "formats/zip/crc32.h"
#include "formats/zip/zip_entry.h"
#include "io/atomic_file.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace lancekeep::formats {

/// The data of each entry starts at a file offset that is a multiple of this, so that it can be
/// memory-mapped.
inline constexpr std::uint64_t kZipAlignment = 64;
/// Offset of the checksum in a local header.
inline constexpr std::uint64_t kZipChecksumAt = 14;

class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path);

  /// Starts an entry of `size` bytes. The caller must not use a name twice.
  /// @throws Error invalid_argument if the reader would reject the name, or if it is not UTF-8.
  void begin_entry(const std::string& name, std::uint64_t size);
  void write(std::span<const std::byte> bytes);
  /// @throws Error invalid_argument unless exactly `size` bytes were written.
  void end_entry();
  /// Writes the directory and gives the file its name.
  void commit();
  [[nodiscard]] std::uint64_t position() const { return file_.position(); }

 private:
  std::string path_;  // for messages
  io::AtomicFile file_;
  std::vector<ZipEntry> entries_;
  Crc32 crc_;  // of the last entry
};

/// Encodes a local header from the entry's name, size, checksum, flags and header offset. The
/// entry's data starts where the header ends.
[[nodiscard]] std::string encode_zip_local_header(const ZipEntry& entry);
/// Encodes the entry's record in the central directory.
[[nodiscard]] std::string encode_zip_record(const ZipEntry& entry);
/// Encodes everything after the central directory.
[[nodiscard]] std::string encode_zip_end(const ZipDirectory& directory);

}  // namespace lancekeep::formats
