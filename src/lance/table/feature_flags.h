// SPDX-License-Identifier: Apache-2.0
// Feature flags: what a version asks of those who read it or write on top of it. The numbers are on
// disk.
#pragma once

#include "lance/proto/manifest.h"

namespace lancekeep::lance {

enum class FeatureFlag : std::uint64_t {
  deletion_files = 1,
  stable_row_ids = 2,
  v2_format = 4,  ///< meant something once
  config = 8,
  base_paths = 16,
  inline_transactions_only = 32,
  mixed_file_versions = 256,
  managed_blobs = 16384,
};

/// Throws unsupported where the version needs something of its readers that this build does not
/// know.
void check_reader_flags(const Manifest& manifest, const std::string& file);
/// The same for a version that is to be written upon.
void check_writer_flags(const Manifest& manifest);
/// Sets both words to what the manifest's content asks for. Row ids that not all fragments have are
/// dropped from those that have them.
void set_flags_from_content(Manifest& manifest);

}  // namespace lancekeep::lance
