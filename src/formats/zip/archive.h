// SPDX-License-Identifier: Apache-2.0
// The entries of a zip archive that stores its entries as they are, as torch.save writes it. A
// strict reader: entries that are encrypted, that contradict their local header, that overlap,
// leave the archive by their name, or come twice are refused when the archive is opened; compressed
// ones when they are wanted. Checksums are not verified: torch can be told to write none. Any
// thread may read it.
#pragma once

#include "io/input_file.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

struct ZipEntry {
  std::string name;
  std::uint64_t offset = 0;  ///< of the entry's bytes, in the file
  std::uint64_t size = 0;    ///< in the file
  std::uint16_t method = 0;  ///< of compression; 0: none
};

class ZipArchive {
 public:
  /// @throws Error corrupt, unsupported, or unsafe (a name with "..").
  explicit ZipArchive(const io::InputFile& file);

  /// Sorted by name.
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
};

}  // namespace lancekeep::formats
