// SPDX-License-Identifier: Apache-2.0
// Entries of a zip archive: their names, their records in the central directory, and their local
// headers. A record and its local header must agree; otherwise two readers of one archive could see
// two different models. Records are read one at a time, so a large directory need not be in memory.
// A ZipRecordReader belongs to one thread; the functions may be called from any thread.
#pragma once

#include "io/byte_view.h"
#include "io/input_file.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

/// General purpose flags: sizes and checksum follow the data; the name is UTF-8.
inline constexpr std::uint16_t kZipSizesFollow = 1 << 3;
inline constexpr std::uint16_t kZipUtf8Name = 1 << 11;

/// If a 32-bit field has this value, its actual value is in the zip64 extra field.
inline constexpr std::uint32_t kInZip64 = 0xFFFFFFFF;
inline constexpr std::uint16_t kZip64Field = 1;

inline constexpr std::uint64_t kZipLocalHeaderSize = 30;  ///< without name and extra fields
inline constexpr std::uint64_t kZipShortestRecord = 46;

struct ZipEntry {
  std::string name;
  std::uint64_t header = 0;    ///< file offset of the local header
  std::uint64_t offset = 0;    ///< file offset of the data
  std::uint64_t size = 0;      ///< bytes of the data in the file
  std::uint64_t unpacked = 0;  ///< bytes after decompression; equals `size` for a stored entry
  std::uint32_t crc32 = 0;     ///< of the unpacked data, unless torch was set not to compute it
  std::uint16_t method = 0;    ///< compression method; 0: stored
  std::uint16_t flags = 0;

  /// Whether the name is marked as UTF-8. A name without the mark should be ASCII.
  [[nodiscard]] bool is_utf8() const noexcept { return (flags & kZipUtf8Name) != 0; }
};

/// The central directory: where it is in the file, and how many records it has.
struct ZipDirectory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

class ZipRecordReader {
 public:
  ZipRecordReader(const io::InputFile& file, const ZipDirectory& directory);

  [[nodiscard]] bool is_at_end() const noexcept;
  /// Reads the next record. The entry's `offset` is not known yet.
  /// @throws Error corrupt, unsupported, or unsafe (a name with "..").
  ZipEntry next();

 private:
  io::InputFile file_;
  std::uint64_t end_;  // file offset where the directory ends
  io::ByteReader in_;  // the part of the directory that is in memory
};

/// Reads the local header, compares it with the record, and sets `entry.offset`. The header and the
/// data must end at or before `limit`, the file offset of the next entry or of the directory.
/// @throws Error corrupt.
void locate_zip_entry(ZipEntry& entry, const io::InputFile& file, std::uint64_t limit);

/// Returns the content of the zip64 field among a header's extra fields, if there is one.
/// @throws Error corrupt if there are two, or if a field is cut short.
[[nodiscard]] std::optional<io::ByteReader> find_zip64_field(const io::ByteView& extra);

/// Returns why `name` is not a safe path inside the archive ("would leave the archive"), or
/// nullopt.
[[nodiscard]] std::optional<std::string> zip_name_problem(std::string_view name);

/// Checks an entry's name before writing. `path` is the archive's path, for messages.
/// @throws Error invalid_argument if our reader would reject the name, or if it is not UTF-8 or too
/// long.
void require_zip_entry_name(const std::string& name, const std::filesystem::path& path);

}  // namespace lancekeep::formats
