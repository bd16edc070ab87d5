// SPDX-License-Identifier: Apache-2.0
// A look inside any Lance file or dataset, whatever it keeps, for people who want to know what it
// has and whether Lancekeep reads it. Values of columns are not read. Free functions; any thread
// may call them. They throw lancekeep::Error.
#pragma once

#include <lancekeep/export.h>
#include <lancekeep/store.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep {

/// The metadata of a Lance manifest, transaction or data file as JSON text (UTF-8, indented by two
/// spaces); of a dataset's folder, the manifest of a version and what its data files are. A column
/// says whether it "decodes", and "why" not.
/// @throws Error invalid_argument for what is no Lance file, and for `at` of a file.
[[nodiscard]] LANCEKEEP_API std::string dump(const std::filesystem::path& path, const Ref& at = {});

/// A column of a Lance dataset.
struct ColumnInfo {
  std::string name;
  std::string type;  ///< in Arrow's words: "list<item: double>"
  bool nullable = true;
  std::string why_not_decoded;  ///< a sentence, with what to do where that is known; empty: it is
};

/// A version of a Lance dataset, as a table.
struct TableInfo {
  std::uint64_t version = 0;
  std::uint64_t rows = 0;        ///< that are not deleted
  std::optional<Layout> layout;  ///< how it keeps a model; nothing: it keeps none
  std::vector<ColumnInfo> columns;
  std::string warning;  ///< as VersionInfo::warning
};

/// @throws Error not_found, invalid_argument where the folder is no Lance dataset.
[[nodiscard]] LANCEKEEP_API TableInfo table_info(const std::filesystem::path& dataset,
                                                 const Ref& at = {});

}  // namespace lancekeep
