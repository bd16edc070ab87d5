// SPDX-License-Identifier: Apache-2.0
#include "store/table/fragment_columns.h"

#include <lancekeep/error.h>

#include "lance/table/file_names.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

constexpr std::uint64_t kMaxDims = 64;

// The schema is in the manifest, the pages are in the file: only here it shows that they agree.
lance::Array decode(const lance::DataFileReader& reader, Column column, std::uint32_t index,
                    std::uint64_t rows) {
  const bool list = column == kShape;
  const std::uint32_t bits = column == kValue ? 128 : list || column == kOrdinal ? 64 : 0;
  lance::Array array = reader.read_column(index, rows, list ? rows * kMaxDims : rows);
  if (rows > 0 && (array.is_list != list || array.item_bits != bits)) {
    reader.bytes().fail(fmt::format(
        "column {} must hold {} of {} bits (0: text), it holds {} of {}", index,
        list ? "lists" : "items", bits, array.is_list ? "lists" : "items", array.item_bits));
  }
  return array;
}

}  // namespace

const lance::DataFileReader& DataFiles::open(const lance::DataFile& file) {
  const std::string path = lance::data_path(file);
  auto it = readers_.find(path);
  if (it == readers_.end()) {
    io::ByteView bytes = storage_.map(path, io::MapMode::read_only);
    if (file.size != 0 && bytes.size() != file.size) {
      bytes.fail(
          fmt::format("the data file has {} bytes, its manifest says {}", bytes.size(), file.size));
    }
    it = readers_.emplace(path, lance::DataFileReader::open(std::move(bytes))).first;
  }
  return it->second;
}

ColumnPlace find_column(const lance::Fragment& fragment, std::int32_t field_id) {
  for (const lance::DataFile& file : fragment.files) {
    // Files of the legacy format list no column indices; opening one says so.
    for (std::size_t i = 0; field_id >= 0 && i < file.column_indices.size(); ++i) {
      if (file.fields[i] == field_id) {
        return {&file, static_cast<std::uint32_t>(file.column_indices[i])};
      }
    }
  }
  return {};
}

void throw_damage(const Error& error) { throw Error(error); }

FragmentColumns::FragmentColumns(DataFiles& files, const lance::Fragment& fragment,
                                 const std::vector<std::int32_t>& leaf_ids,
                                 const OnDamage& on_damage) {
  for (std::size_t column = 0; column < kColumns; ++column) {
    try {
      read_column(files, fragment, static_cast<Column>(column), leaf_ids[column]);
    } catch (const Error& error) {
      on_damage(error);
    }
  }
}

void FragmentColumns::read_column(DataFiles& files, const lance::Fragment& fragment, Column column,
                                  std::int32_t field_id) {
  const ColumnPlace place = find_column(fragment, field_id);
  if (place.file == nullptr) return;
  const lance::DataFileReader& reader = files.open(*place.file);
  const std::uint64_t rows = fragment.physical_rows;
  if (rows > reader.bytes().size()) {
    reader.bytes().fail(fmt::format("the manifest counts {} rows in a file of {} bytes", rows,
                                    reader.bytes().size()));
  }
  columns_[column] = decode(reader, column, place.index, rows);
  if (column == kValue) {
    value_file_ = reader.bytes();
    value_path_ = lance::data_path(*place.file);
  }
}

std::optional<std::string> FragmentColumns::text(Column column, std::uint64_t row) const {
  const auto& array = columns_[column];
  if (!array || array->is_null(row)) return std::nullopt;
  return std::string(array->text(row));
}

std::optional<std::int64_t> FragmentColumns::integer(Column column, std::uint64_t row) const {
  const auto& array = columns_[column];
  if (!array || array->is_null(row)) return std::nullopt;
  return array->value<std::int64_t>(row);
}

std::optional<Shape> FragmentColumns::shape(std::uint64_t row) const {
  const auto& array = columns_[kShape];
  if (!array || array->is_null(row)) return std::nullopt;
  Shape shape;
  for (auto i = array->list_offsets[row]; i < array->list_offsets[row + 1]; ++i) {
    shape.push_back(array->value<std::int64_t>(i));
  }
  return shape;
}

std::optional<lance::BlobDescriptor> FragmentColumns::blob(std::uint64_t row) const {
  const auto& array = columns_[kValue];
  if (!array || array->is_null(row)) return std::nullopt;
  return array->value<lance::BlobDescriptor>(row);
}

}  // namespace lancekeep::store
