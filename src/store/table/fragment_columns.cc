// SPDX-License-Identifier: Apache-2.0
#include "store/table/fragment_columns.h"

#include <lancekeep/error.h>

#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

std::string describe_items(bool is_list, std::uint32_t bits) {
  const std::string items = bits == 0 ? "strings" : fmt::format("items of {} bits", bits);
  return is_list ? "lists of " + items : items;
}

// The schema is in the manifest and the pages are in the file, so only here can they be compared.
lance::Array decode(const lance::DataFileReader& reader, Column column, std::uint32_t index,
                    std::uint64_t rows) {
  const bool is_list = column == kShape;
  const std::uint32_t bits = column == kValue ? 128 : is_list || column == kOrdinal ? 64 : 0;
  lance::Array array = reader.read_column(index, rows, is_list ? rows * kMaxDims : rows);
  if (rows > 0 && (array.is_list != is_list || array.item_bits != bits)) {
    reader.bytes().fail(fmt::format("column {}: expected {}, found {}", index,
                                    describe_items(is_list, bits),
                                    describe_items(array.is_list, array.item_bits)));
  }
  return array;
}

// Which of a fragment's files has a column; a column without a file reads as null.
struct ColumnPlace {
  const lance::DataFile* file = nullptr;
  std::uint32_t index = 0;
};

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

}  // namespace

void FragmentLimits::check(const lance::Fragment& fragment) {
  for (const lance::DataFile& file : fragment.files) {
    const std::string path = lance::data_path(file);
    if (files_.insert(path).second) continue;
    throw Error(ErrorCode::corrupt, "the manifest names this data file twice",
                storage_.full_name(path));
  }
  if (fragment.physical_rows > kMaxRows - rows_) {
    throw Error(ErrorCode::corrupt,
                fmt::format("version {} claims more than {} rows", version_, kMaxRows),
                storage_.full_name(lance::kVersionsFolder));
  }
  rows_ += fragment.physical_rows;
}

std::vector<std::uint64_t> live_offsets(const io::Storage& storage,
                                        const lance::Fragment& fragment) {
  const std::vector<std::uint32_t> deleted = lance::read_deletions(storage, fragment);
  std::vector<std::uint64_t> offsets;
  auto next_deleted = deleted.begin();
  for (std::uint64_t offset = 0; offset < fragment.physical_rows; ++offset) {
    if (next_deleted != deleted.end() && *next_deleted == offset) {
      ++next_deleted;
    } else {
      offsets.push_back(offset);
    }
  }
  return offsets;
}

const lance::DataFileReader& DataFiles::open(const lance::DataFile& file) {
  const std::string path = lance::data_path(file);
  auto it = readers_.find(path);
  if (it == readers_.end()) {
    io::ByteView bytes = storage_.map(path, io::MapMode::read_only);
    if (file.size != 0 && bytes.size() != file.size) {
      bytes.fail(fmt::format("the data file has {} bytes, but its manifest says {}", bytes.size(),
                             file.size));
    }
    it = readers_.emplace(path, lance::DataFileReader::open(std::move(bytes))).first;
  }
  return it->second;
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
