// SPDX-License-Identifier: Apache-2.0
// What export says of what it wrote.
#pragma once

#include "cli/export_dataset.h"
#include "cli/export_versions.h"
#include "cli/output.h"

namespace lancekeep::cli {

[[nodiscard]] Json as_json(const ExportedVersion& done);
[[nodiscard]] Json as_json(const ExportedDataset& done, const std::string& store, Layout layout);

/// A line, and notes; notes alone where it is to be `quiet`.
void print_text(const ExportedVersion& done, bool quiet);
void print_text(const ExportedDataset& done, Layout layout, bool quiet);

}  // namespace lancekeep::cli
