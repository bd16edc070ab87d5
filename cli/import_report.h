// SPDX-License-Identifier: Apache-2.0
// What import says of the versions that it saved.
#pragma once

#include "cli/import_dataset.h"
#include "cli/import_files.h"
#include "cli/output.h"

#include <string>
#include <vector>

namespace lancekeep::cli {

/// One document of all files: of one, its version alone.
[[nodiscard]] Json as_json(const ImportPlan& plan, const std::vector<ImportedFile>& all);
[[nodiscard]] Json as_json(const DatasetImport& plan, const std::vector<ImportedVersion>& all);

/// A line, and notes.
void print_text(const ImportPlan& plan, const ImportedFile& done);
void print_text(const DatasetImport& plan, const ImportedVersion& done);

}  // namespace lancekeep::cli
