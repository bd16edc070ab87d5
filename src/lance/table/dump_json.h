// SPDX-License-Identifier: Apache-2.0
// What dump() prints: each kind of file as JSON.
#pragma once

#include "lance/file/data_file_reader.h"
#include "lance/table/dataset.h"

#include <nlohmann/json.hpp>

namespace lancekeep::lance {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const Field& field);
[[nodiscard]] Json to_json(const Transaction& transaction);
[[nodiscard]] Json to_json(const ManifestFile& file);
[[nodiscard]] Json to_json(const DataFileReader& file);

}  // namespace lancekeep::lance
