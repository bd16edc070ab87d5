// SPDX-License-Identifier: Apache-2.0
// The footer of a data file, which is its last 40 bytes, and the tables that the footer points to.
//
// Footer: u64 position of the first column's metadata, u64 position of the column table, u64
// position of the global buffer table, u32 global buffers, u32 columns, u16 major, u16 minor,
// "LANC". A table has (u64 position, u64 size) per entry.
#pragma once

#include "io/byte_view.h"
#include "lance/proto/manifest.h"

#include <string_view>
#include <vector>

namespace lancekeep::lance {

/// The last bytes of each data file and manifest.
inline constexpr std::string_view kLanceMagic = "LANC";

struct Footer {
  std::uint64_t columns_start = 0;       ///< position of the first column's metadata
  std::uint64_t column_table_start = 0;  ///< position of the column table
  std::uint64_t buffer_table_start = 0;  ///< position of the table of global buffers
  FormatVersion version;                 ///< as in data_storage_version: 2.0 if the file says 0.3
  std::vector<io::ByteView> columns;     ///< each a ColumnMetadata message
  std::vector<io::ByteView> global_buffers;  ///< the first is the file descriptor
};

/// How to convert a dataset of a format that this build does not read.
inline constexpr std::string_view kHowToConvert =
    "rewrite the dataset with lance.write_dataset(lance.dataset(old).scanner("
    "blob_handling=\"all_binary\").to_table(), new, data_storage_version=\"2.1\")";

/// @throws Error corrupt, or unsupported for a format other than 2.0, 2.1 and 2.2.
[[nodiscard]] Footer decode_footer(const io::ByteView& file);

}  // namespace lancekeep::lance
