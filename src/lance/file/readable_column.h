// SPDX-License-Identifier: Apache-2.0
// Whether this build decodes a column of a data file, and how it is encoded. Told by what pages say
// of themselves; no value is decoded. Free functions; they keep nothing.
#pragma once

#include "lance/file/data_file_reader.h"

#include <string>
#include <vector>

namespace lancekeep::lance {

/// Why DataFileReader does not decode the column, as a sentence without file and offset; empty: it
/// does.
[[nodiscard]] std::string why_unreadable(const DataFileReader& file, std::uint32_t column);

/// How the page of a file of `version` is encoded, in words: "mini-block, layers 1, …".
[[nodiscard]] std::string encoding_words(const Page& page, FormatVersion version);

/// The field that each column holds, as a path: "value.item"; empty where the schema does not say.
[[nodiscard]] std::vector<std::string> column_names(const DataFileReader& file);

}  // namespace lancekeep::lance
