// SPDX-License-Identifier: Apache-2.0
// Lance files and versions of a dataset as JSON, as `dump` prints them. Keys keep their order. Free
// functions; any thread may call them.
#pragma once

#include "lance/file/data_file_reader.h"
#include "lance/table/manifest_file.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace lancekeep::lance {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const Field& field);
[[nodiscard]] Json to_json(const Transaction& transaction);
[[nodiscard]] Json to_json(const ManifestFile& file);
[[nodiscard]] Json to_json(const DataFileReader& file);
/// Whether a column's pages are listed one by one, or only the encodings that occur in them.
enum class Pages { each, summed };
/// An array with each column's field and encodings, whether this build decodes it ("decodes"), and,
/// if not, "why".
[[nodiscard]] Json columns_to_json(const DataFileReader& file, Pages pages);

/// A manifest, transaction or data file. Throws invalid_argument for any other file.
[[nodiscard]] Json dump_file(const std::filesystem::path& path);
/// A version's manifest, with the columns of each data file in "data_files".
[[nodiscard]] Json dump_version(const io::Storage& storage, const ManifestFile& file);
/// Indented by two spaces; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string text_of(const Json& json);

}  // namespace lancekeep::lance
