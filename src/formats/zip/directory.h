// SPDX-License-Identifier: Apache-2.0
// Finds a zip file's central directory: the end record, and the zip64 record in front of it.
#pragma once

#include "io/input_file.h"

#include <cstdint>

namespace lancekeep::formats {

struct ZipDirectory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

/// Only an archive that is one file, with nothing between the directory and its end records, is
/// taken.
/// @throws Error corrupt or unsupported.
[[nodiscard]] ZipDirectory find_zip_directory(const io::InputFile& file);

}  // namespace lancekeep::formats
