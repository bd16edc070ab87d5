// SPDX-License-Identifier: Apache-2.0
// What dump() prints: each kind of file, and a version of a dataset, as JSON.
#pragma once

#include "lance/file/data_file_reader.h"
#include "lance/table/dataset.h"

#include <nlohmann/json.hpp>

#include <filesystem>

namespace lancekeep::lance {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const Field& field);
[[nodiscard]] Json to_json(const Transaction& transaction);
[[nodiscard]] Json to_json(const ManifestFile& file);
[[nodiscard]] Json to_json(const DataFileReader& file);
/// Columns with their fields, and whether they are decoded: "decodes", and "why" not. With pages,
/// each page; else the encodings that occur.
enum class Pages { each, summed };
[[nodiscard]] Json columns_to_json(const DataFileReader& file, Pages pages);

/// A manifest, transaction or data file. @throws Error invalid_argument for anything else.
[[nodiscard]] Json dump_file(const std::filesystem::path& path);
/// The manifest, and "data_files" with the columns of each.
[[nodiscard]] Json dump_version(const io::Storage& storage, const VersionEntry& entry);
/// Indented by two spaces; bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string text_of(const Json& json);

}  // namespace lancekeep::lance
