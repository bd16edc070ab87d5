// SPDX-License-Identifier: Apache-2.0
// Reads a zip archive whose entries are stored without compression, as torch.save and numpy.savez
// write it. The reader is strict: opening an archive rejects entries that are encrypted, differ
// from their local header, overlap, have an unsafe name, or occur twice. Compressed entries are
// rejected when they are read. The code that reads an entry decides whether to check its
// checksum, because torch can be configured not to compute checksums. Any thread may read an
// archive.
#pragma once

#include "formats/zip/zip_entry.h"
#include "io/input_file.h"
#include "io/memory_budget.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

class ZipArchive {
 public:
  /// Memory for the directory is taken from `budget`, which is not needed afterwards.
  /// @throws Error corrupt, unsupported, or unsafe (a name with "..").
  ZipArchive(const io::InputFile& file, io::MemoryBudget& budget);
  /// The same, with a new budget for this archive.
  explicit ZipArchive(const io::InputFile& file);

  /// Returns the entries in the directory's order.
  [[nodiscard]] const std::vector<ZipEntry>& entries() const noexcept { return entries_; }
  /// Returns null if the archive has no entry with this name.
  [[nodiscard]] const ZipEntry* find(std::string_view name) const noexcept;
  /// @throws Error unsupported if the entry is compressed.
  void require_stored(const ZipEntry& entry) const;
  /// Reads all bytes of a small stored entry. @throws Error unsupported if it is compressed or has
  /// more than `limit` bytes.
  [[nodiscard]] io::ByteView read(const ZipEntry& entry, std::uint64_t limit) const;

 private:
  io::InputFile file_;
  std::vector<ZipEntry> entries_;
  std::vector<std::uint32_t> by_name_;  // indexes into entries_, sorted by name
};

}  // namespace lancekeep::formats
