// SPDX-License-Identifier: Apache-2.0
// Writes a zip archive of stored entries, each from front to back, its size known beforehand; the
// checksum is made on the way and put into the header afterwards. The archive appears under its
// name with commit(), whole or not at all. One thread at a time.
#pragma once

#include "formats/zip/crc32.h"
#include "formats/zip/record.h"
#include "io/atomic_file.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace lancekeep::formats {

class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path);

  /// Begins an entry of `size` bytes, which begin at a multiple of 64 in the file.
  /// @throws Error invalid_argument for a name that the reader would refuse, or that is no UTF-8.
  /// That no name comes twice is up to the caller.
  void begin_entry(const std::string& name, std::uint64_t size);
  void write(std::span<const std::byte> bytes);
  /// @throws Error invalid_argument where other than `size` bytes were written.
  void end_entry();
  /// Writes the directory and gives the file its name.
  void commit();
  [[nodiscard]] std::uint64_t position() const { return file_.position(); }

 private:
  std::string name_;  // of the file, for messages
  io::AtomicFile file_;
  std::vector<ZipEntry> entries_;
  Crc32 crc_;  // of the last entry
};

}  // namespace lancekeep::formats
