// SPDX-License-Identifier: Apache-2.0
// The entries of a zip archive that stores its entries as they are, as torch.save and numpy.savez
// write it. A strict reader: entries that are encrypted, that contradict their local header, that
// overlap, leave the archive by their name, or come twice are refused when the archive is opened;
// compressed ones when they are wanted. Checksums are for who reads an entry to verify: torch can
// be told to write none. Any thread may read it.
#pragma once

#include "formats/zip/record.h"
#include "io/input_file.h"
#include "io/memory_budget.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

class ZipArchive {
 public:
  /// What is kept of the directory is taken from `budget`, which is not needed afterwards.
  /// @throws Error corrupt, unsupported, or unsafe (a name with "..").
  ZipArchive(const io::InputFile& file, io::MemoryBudget& budget);
  /// With a budget of its own.
  explicit ZipArchive(const io::InputFile& file);

  /// In the directory's order.
  [[nodiscard]] const std::vector<ZipEntry>& entries() const noexcept { return entries_; }
  [[nodiscard]] const ZipEntry* find(std::string_view name) const noexcept;
  /// Throws unsupported where the entry is compressed, so that its bytes are not the entry's
  /// content.
  void require_stored(const ZipEntry& entry) const;
  /// All bytes of a stored entry that should be small; throws unsupported where it has more than
  /// `limit`.
  [[nodiscard]] io::ByteView read(const ZipEntry& entry, std::uint64_t limit) const;

 private:
  io::InputFile file_;
  std::vector<ZipEntry> entries_;
  std::vector<std::uint32_t> by_name_;  // indexes of entries_, sorted by their names
};

}  // namespace lancekeep::formats
