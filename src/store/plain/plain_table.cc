// SPDX-License-Identifier: Apache-2.0
#include "store/plain/plain_table.h"

#include <lancekeep/error.h>

#include "io/checked_math.h"
#include "lance/file/column_type.h"
#include "lance/table/file_names.h"
#include "store/table/fragment_columns.h"
#include "store/table/shape_column.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

namespace lancekeep::store {
namespace {

// Which of a fragment's files has a column, and at which index.
struct Place {
  const lance::DataFileReader* reader = nullptr;
  std::uint32_t index = 0;
};

std::optional<Place> find(DataFiles& files, const std::vector<lance::Field>& fields,
                          const lance::Fragment& fragment, std::int32_t id) {
  for (const lance::DataFile& file : fragment.files) {
    if (const auto index = lance::find_column(file, fields, id)) {
      return Place{&files.open(file), *index};
    }
  }
  return std::nullopt;
}

// The column of names. If the fragment lacks it, all names are null.
class Names {
 public:
  Names(const std::optional<Place>& place, std::uint64_t rows) {
    if (!place) return;
    texts_ = place->reader->read_column(place->index, rows, rows);
    if (rows > 0 && (texts_->is_list || texts_->item_bits != 0 || !texts_->outer.empty())) {
      place->reader->bytes().fail(
          fmt::format("column {}: expected strings, the names of tensors", place->index));
    }
  }
  [[nodiscard]] std::optional<std::string> at(std::uint64_t row) const {
    if (!texts_ || texts_->is_null(row)) return std::nullopt;
    return std::string(texts_->text(row));
  }

 private:
  std::optional<lance::Array> texts_;
};

// The row's shape. If the fragment lacks the column, all shapes are null.
std::optional<Shape> shape_at(const std::optional<ShapeColumn>& shapes, std::uint64_t offset,
                              std::string& damage) {
  if (shapes) return shapes->at(offset, damage);
  damage = "its shape is null";
  return std::nullopt;
}

PlainRow row_of(const Names& names, const std::optional<ShapeColumn>& shapes, std::uint64_t offset,
                bool has_values) {
  PlainRow row{.offset = offset};
  if (auto shape = shape_at(shapes, offset, row.damage)) {
    row.shape = std::move(*shape);
    // Counted in bytes of float64, the widest dtype, so that no dtype's size can overflow.
    if (byte_count(row.shape, sizeof(double))) {
      row.elements = *element_count(row.shape);
    } else {
      row.damage = shape_problem(row.shape);
    }
  }
  if (!has_values) row.damage = "its value is null";
  if (auto name = names.at(offset)) {
    row.name = std::move(*name);
  } else {
    row.damage = "its name is null";
  }
  return row;
}

// Every row takes at least one byte of some file, because each has a name of its own.
void check_row_count(const io::Storage& storage, DataFiles& files,
                     const lance::Fragment& fragment) {
  std::uint64_t bytes = 0;
  for (const lance::DataFile& file : fragment.files) {
    const auto sum = io::checked_add(bytes, files.open(file).bytes().size());
    bytes = sum.value_or(std::numeric_limits<std::uint64_t>::max());
  }
  if (fragment.physical_rows <= bytes) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("the manifest counts {} rows in fragment {}, whose files have {} bytes",
                          fragment.physical_rows, fragment.id, bytes),
              storage.full_name(lance::kVersionsFolder));
}

}  // namespace

PlainFragment read_plain_fragment(const io::Storage& storage,
                                  const std::vector<lance::Field>& fields,
                                  const PlainColumns& columns, const lance::Fragment& fragment) {
  DataFiles files(storage);
  check_row_count(storage, files, fragment);
  const std::uint64_t count = fragment.physical_rows;
  const Names names(find(files, fields, fragment, columns.name), count);
  std::optional<ShapeColumn> shapes;
  if (const auto place = find(files, fields, fragment, columns.shape)) {
    shapes.emplace(*place->reader, place->index, count, columns.shape_dtype);
  }
  PlainFragment result;
  if (const auto place = find(files, fields, fragment, columns.value)) {
    result.values = std::make_shared<const ValueColumn>(*place->reader, place->index, count,
                                                        columns.value_dtype);
  }
  for (const std::uint64_t offset : live_offsets(storage, fragment)) {
    result.rows.push_back(row_of(names, shapes, offset, result.values != nullptr));
  }
  return result;
}

PlainTable read_plain_table(const io::Storage& storage, const lance::Manifest& manifest) {
  const auto columns = find_plain_columns(manifest.fields);
  if (!columns) {
    throw Error(ErrorCode::invalid_argument, "the version does not have the plain layout",
                storage.full_name(lance::kVersionsFolder));
  }
  PlainTable table;
  FragmentLimits limits(storage, manifest.version);
  for (std::size_t i = 0; i < manifest.fragments.size(); ++i) {
    limits.check(manifest.fragments[i]);
    PlainFragment fragment =
        read_plain_fragment(storage, manifest.fields, *columns, manifest.fragments[i]);
    for (PlainRow& row : fragment.rows) {
      row.fragment = i;
      table.rows.push_back(std::move(row));
    }
    table.values.push_back(std::move(fragment.values));
  }
  return table;
}

std::uint64_t total_bytes(const PlainTable& table) {
  std::uint64_t total = 0;
  for (const PlainRow& row : table.rows) {
    if (!row.damage.empty()) continue;
    const auto sum = io::checked_add(total, row.elements * sizeof(double));
    total = sum.value_or(std::numeric_limits<std::uint64_t>::max());
  }
  return total;
}

}  // namespace lancekeep::store
