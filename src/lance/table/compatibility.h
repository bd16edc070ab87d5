// SPDX-License-Identifier: Apache-2.0
// What a version requires of its readers and writers: feature flags, and fields that this build
// does not know. The numbers are on disk. Free functions; any thread may call them.
#pragma once

#include "lance/proto/manifest.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lancekeep::lance {

enum class FeatureFlag : std::uint64_t {
  deletion_files = 1,
  stable_row_ids = 2,
  v2_format = 4,  ///< no longer used
  config = 8,
  base_paths = 16,
  inline_transactions_only = 32,
  mixed_file_versions = 256,
  managed_blobs = 16384,
};

/// Throws unsupported if the version has a reader flag that this build does not know. `file` is
/// the manifest, for the message.
void check_reader_flags(const Manifest& manifest, const std::string& file);
/// The same for the writer flags of a version that a new one will be based on.
void check_writer_flags(const Manifest& manifest);
/// Sets the reader and writer flags from the manifest's content. Drops row ids unless all fragments
/// have them.
void set_flags_from_content(Manifest& manifest);

/// The first field that this build does not know, or that refers to a file in a way that this build
/// cannot follow: "field 22 of the manifest", "field 9 of the data file `a.lance`". Unset if the
/// manifest has no such field. Check this before deleting unreferenced files: such a field can
/// refer to them.
[[nodiscard]] std::optional<std::string> first_unknown_field(const Manifest& manifest);

}  // namespace lancekeep::lance
