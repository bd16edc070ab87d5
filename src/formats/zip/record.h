// SPDX-License-Identifier: Apache-2.0
// The records of a zip archive's central directory, each held against the local header that it
// leads to. Records are read one by one, so that a large directory need not be in memory. Each
// reader belongs to one thread.
#pragma once

#include "formats/zip/directory.h"
#include "io/input_file.h"

#include <cstdint>
#include <string>

namespace lancekeep::formats {

/// The sizes are not in the local header but behind the bytes.
inline constexpr std::uint16_t kZipSizesFollow = 1 << 3;
inline constexpr std::uint16_t kZipUtf8Name = 1 << 11;

struct ZipEntry {
  std::string name;
  std::uint64_t header = 0;    ///< where its local header is, in the file
  std::uint64_t offset = 0;    ///< where its bytes are
  std::uint64_t size = 0;      ///< in the file
  std::uint64_t unpacked = 0;  ///< the same, if it is stored
  std::uint32_t crc32 = 0;     ///< of the content; torch can be told to write any number
  std::uint16_t method = 0;    ///< of compression; 0: none, it is stored
  std::uint16_t flags = 0;

  /// Whether the name is said to be UTF-8; else it should be ASCII.
  [[nodiscard]] bool is_utf8() const noexcept { return (flags & kZipUtf8Name) != 0; }
};

inline constexpr std::uint64_t kZipShortestRecord = 46;

class ZipRecordReader {
 public:
  ZipRecordReader(const io::InputFile& file, const ZipDirectory& directory);

  [[nodiscard]] bool is_at_end() const noexcept;
  /// The next record's entry; its `offset` is not known yet.
  /// @throws Error corrupt, unsupported, or unsafe (a name with "..").
  ZipEntry next();

 private:
  io::InputFile file_;
  std::uint64_t end_;  // of the directory, in the file
  io::ByteReader in_;  // what of the directory is in memory
};

/// Sets where the entry's bytes are, after a look at its local header, which must say what the
/// record says. The bytes must end before `limit`, where the next entry or the directory starts.
void locate_zip_entry(ZipEntry& entry, const io::InputFile& file, std::uint64_t limit);

}  // namespace lancekeep::formats
