// SPDX-License-Identifier: Apache-2.0
// Shows what is in any Lance file or dataset, and whether Lancekeep can read it. Column values are
// not read. Any thread may call these functions. They throw lancekeep::Error.
#pragma once

#include <lancekeep/store.h>
#include <lancekeep/visibility.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep {

/// The metadata of a Lance manifest, transaction or data file as JSON text (UTF-8, indented by two
/// spaces). For a dataset's folder: the manifest of the version `at`, and a description of its data
/// files. Each column has "decodes", and "why" if it cannot be decoded.
/// @throws Error invalid_argument if `path` is not a Lance file, or is a file and `at` is set.
[[nodiscard]] LANCEKEEP_API std::string dump(const std::filesystem::path& path, const Ref& at = {});

/// A column of a Lance dataset.
struct ColumnInfo {
  std::string name;
  std::string type;  ///< as Arrow writes it: "list<item: double>"
  bool nullable = true;
  std::string why_not_decoded;  ///< why it cannot be read, and what to do; empty if it can
};

/// A version of a Lance dataset, as a table.
struct TableInfo {
  std::uint64_t version = 0;
  std::uint64_t rows = 0;        ///< without the deleted ones
  std::optional<Layout> layout;  ///< unset if the dataset is not a model
  std::vector<ColumnInfo> columns;
  std::string warning;  ///< as VersionInfo::warning
};

/// @throws Error not_found; invalid_argument if the folder is not a Lance dataset.
[[nodiscard]] LANCEKEEP_API TableInfo table_info(const std::filesystem::path& dataset,
                                                 const Ref& at = {});

}  // namespace lancekeep
