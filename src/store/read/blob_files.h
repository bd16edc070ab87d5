// SPDX-License-Identifier: Apache-2.0
// The files beside a data file that hold its larger blobs, in Lance's second version of blobs:
// data/<stem>/<id>.blob. A manifest does not name them; the blobs' descriptors do. Free functions;
// any thread may call them.
#pragma once

#include "lance/file/data_file_reader.h"
#include "lance/proto/manifest.h"

#include <cstdint>
#include <map>
#include <string>

namespace lancekeep::store {

/// Whether a column of the version can have such files.
[[nodiscard]] bool may_have_blob_files(const lance::Manifest& manifest);

/// The paths that the blobs of the data file at `path` refer to, and how many bytes each must have
/// at least. Empty if this build does not know the form of the descriptors; pylance 14 writes the
/// one that it knows. @throws Error corrupt.
[[nodiscard]] std::map<std::string, std::uint64_t> blob_files_of(const lance::DataFileReader& file,
                                                                 const std::string& path);

}  // namespace lancekeep::store
