// SPDX-License-Identifier: Apache-2.0
// Unpacks an entry of a zip archive that is stored or deflated. Nothing is kept in memory but one
// piece; an entry that has more or fewer bytes than it says, or another checksum, is rejected. Any
// thread may call the function.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/zip/zip_entry.h"
#include "io/input_file.h"

namespace lancekeep::formats {

/// Whether unpack_zip_entry() supports the entry's compression.
[[nodiscard]] bool can_unpack(const ZipEntry& entry) noexcept;

/// Pushes the entry's bytes into `sink`, until it returns false. The checksum is compared only if
/// all bytes were pushed.
/// @throws Error corrupt; unsupported for another compression than deflate.
void unpack_zip_entry(const io::InputFile& file, const ZipEntry& entry, const ByteSink& sink);

}  // namespace lancekeep::formats
