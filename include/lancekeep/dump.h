// SPDX-License-Identifier: Apache-2.0
// A look inside any Lance file, for people who debug one.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/export.h>

#include <filesystem>
#include <string>

namespace lancekeep {

/// The metadata of a Lance manifest, transaction or data file – or of the latest manifest of a
/// dataset folder – as JSON text (UTF-8, indented by two spaces). Values of columns are not
/// printed.
[[nodiscard]] LANCEKEEP_API std::string dump(const std::filesystem::path& path);

}  // namespace lancekeep
