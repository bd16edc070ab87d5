// SPDX-License-Identifier: Apache-2.0
// The columns of a data file: what its rows say, one page after another.
#pragma once

#include "lance/file/data_file_writer.h"
#include "store/table/tensor_table.h"

namespace lancekeep::store {

/// Which columns a data file has: all of them, or all but the values, which then lie in another
/// file of the same fragment.
enum class FileColumns { all, labels };

/// Writes the columns and the footer behind whatever values are there, and returns the entry for
/// the manifest. `schema` is the dataset's. A row that is null was deleted, and says nothing.
[[nodiscard]] lance::DataFile write_columns(lance::DataFileWriter& writer, const std::string& name,
                                            FileColumns columns,
                                            const std::vector<lance::Field>& schema,
                                            std::span<const TensorRow* const> rows);

}  // namespace lancekeep::store
