// SPDX-License-Identifier: Apache-2.0
#include "store/save/row_columns.h"

#include "store/table/layout.h"

namespace lancekeep::store {
namespace {

using Rows = std::span<const TensorRow* const>;

// One cell a row; a deleted row's is empty.
template <typename Cell>
std::vector<Cell> cells_of(Rows rows, std::optional<Cell> TensorRow::* member) {
  std::vector<Cell> cells;
  cells.reserve(rows.size());
  for (const TensorRow* row : rows) cells.push_back(row == nullptr ? Cell() : *(row->*member));
  return cells;
}

void write_one(lance::DataFileWriter& writer, std::size_t index, Column column, Rows rows) {
  const auto text = [&](std::optional<std::string> TensorRow::* member) {
    lance::add_pages(writer, index, cells_of(rows, member), lance::encode_strings);
  };
  switch (column) {
    case kName:
      return text(&TensorRow::name);
    case kDtype:
      return text(&TensorRow::dtype);
    case kHash:
      return text(&TensorRow::hash);
    case kShape:
      return lance::add_pages(writer, index, cells_of(rows, &TensorRow::shape),
                              lance::encode_int64_lists);
    case kValue:
      return lance::add_pages(writer, index, cells_of(rows, &TensorRow::value),
                              lance::encode_blobs);
    case kOrdinal:
      return lance::add_pages(writer, index, cells_of(rows, &TensorRow::ordinal),
                              lance::encode_int64);
    case kTiedTo: {
      std::vector<lance::OptionalText> cells;
      for (const TensorRow* row : rows) cells.push_back(row ? row->tied_to : std::nullopt);
      return lance::add_pages(writer, index, cells, lance::encode_optional_strings);
    }
    case kColumns:
      break;
  }
}

}  // namespace

lance::DataFile write_columns(lance::DataFileWriter& writer, const std::string& name,
                              FileColumns columns, const std::vector<lance::Field>& schema,
                              Rows rows) {
  const std::vector<std::int32_t> ids = find_leaf_ids(schema);
  lance::DataFile file{.path = name, .version = lance::kWrittenFormat};
  std::vector<Column> written;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const auto column = static_cast<Column>(i);
    if (columns == FileColumns::labels && column == kValue) continue;
    file.fields.push_back(ids[column]);
    file.column_indices.push_back(static_cast<std::int32_t>(written.size()));
    write_one(writer, written.size(), column, rows);
    written.push_back(column);
  }
  file.size = writer.finish({.fields = fields_of(schema, written), .rows = rows.size()});
  return file;
}

}  // namespace lancekeep::store
