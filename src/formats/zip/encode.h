// SPDX-License-Identifier: Apache-2.0
// The headers of a zip archive of stored entries, as bytes; zip64 where a number needs it. Pure
// functions; any thread may call them.
#pragma once

#include "formats/zip/directory.h"
#include "formats/zip/record.h"

#include <string>

namespace lancekeep::formats {

/// Entries' bytes begin at multiples of this in the file, so that they can be mapped.
inline constexpr std::uint64_t kZipAlignment = 64;
/// Where in a local header the checksum stands, which is known last.
inline constexpr std::uint64_t kZipChecksumAt = 14;

/// Needs the entry's name, size, checksum and flags, and where the header is going to be; the
/// entry's bytes begin where it ends.
[[nodiscard]] std::string encode_zip_local_header(const ZipEntry& entry);

/// The same, in the directory.
[[nodiscard]] std::string encode_zip_record(const ZipEntry& entry);

/// What follows the directory, to the end of the file.
[[nodiscard]] std::string encode_zip_end(const ZipDirectory& directory);

}  // namespace lancekeep::formats
