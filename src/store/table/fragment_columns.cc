// SPDX-License-Identifier: Apache-2.0
#include "store/table/fragment_columns.h"

#include <lancekeep/error.h>

#include "lance/file/column_type.h"
#include "lance/table/dataset_columns.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

std::string describe_items(const lance::Array& array) {
  const std::string items =
      array.item_bits == 0 ? "strings" : fmt::format("items of {} bits", array.item_bits);
  return array.is_list ? "lists of " + items : items;
}

// The schema is in the manifest and the pages are in the file, so only here can they be compared.
// `dtype` is that of a number; empty for text.
lance::Array decode(const lance::DataFileReader& reader, Column column, std::uint32_t index,
                    std::uint64_t rows, const std::string& dtype) {
  constexpr std::uint32_t kBlobBits = 128;
  const auto width = static_cast<std::uint32_t>(dtype_itemsize(dtype).value_or(0));
  const std::uint32_t bits = column == kValue ? kBlobBits : width * 8;
  lance::Array array = reader.read_column(index, rows, rows);
  if (rows > 0 && (array.is_list || !array.outer.empty() || array.item_bits != bits)) {
    const std::string expected = bits == 0 ? "strings" : fmt::format("items of {} bits", bits);
    reader.bytes().fail(
        fmt::format("column {}: expected {}, found {}", index, expected, describe_items(array)));
  }
  return array;
}

// Which of a fragment's files has a column; a column without a file reads as null.
struct ColumnPlace {
  const lance::DataFile* file = nullptr;
  std::uint32_t index = 0;
};

ColumnPlace place_of(const lance::Fragment& fragment, const std::vector<lance::Field>& fields,
                     std::int32_t id) {
  for (const lance::DataFile& file : fragment.files) {
    if (const auto index = lance::find_column(file, fields, id)) return {&file, *index};
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
    lance::check_file_size(file, bytes.size(), bytes.file());
    it = readers_.emplace(path, lance::DataFileReader::open(std::move(bytes))).first;
  }
  return it->second;
}

void throw_damage(const Error& error) { throw Error(error); }

FragmentColumns::FragmentColumns(DataFiles& files, const lance::Fragment& fragment,
                                 const std::vector<lance::Field>& fields,
                                 const NativeColumns& columns, const OnDamage& on_damage)
    : ordinal_dtype_(columns.ordinal_dtype) {
  for (std::size_t column = 0; column < kColumns; ++column) {
    try {
      read_column(files, fragment, fields, columns, static_cast<Column>(column));
    } catch (const Error& error) {
      on_damage(error);
    }
  }
}

void FragmentColumns::read_column(DataFiles& files, const lance::Fragment& fragment,
                                  const std::vector<lance::Field>& fields,
                                  const NativeColumns& columns, Column column) {
  const ColumnPlace place = place_of(fragment, fields, columns.ids[column]);
  if (place.file == nullptr) return;
  const lance::DataFileReader& reader = files.open(*place.file);
  const std::uint64_t rows = fragment.physical_rows;
  if (rows > reader.bytes().size()) {
    reader.bytes().fail(fmt::format("the manifest counts {} rows in a file of {} bytes", rows,
                                    reader.bytes().size()));
  }
  if (column == kShape) {
    shapes_.emplace(reader, place.index, rows, columns.shape_dtype);
    return;
  }
  columns_[column] = decode(reader, column, place.index, rows,
                            column == kOrdinal ? columns.ordinal_dtype : std::string());
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

std::optional<std::int64_t> FragmentColumns::ordinal(std::uint64_t row) const {
  const auto& array = columns_[kOrdinal];
  return array ? integer_at(*array, ordinal_dtype_, row) : std::nullopt;
}

std::optional<Shape> FragmentColumns::shape(std::uint64_t row, std::string& damage) const {
  if (shapes_) return shapes_->at(row, damage);
  damage = "its shape is null";
  return std::nullopt;
}

std::optional<lance::BlobDescriptor> FragmentColumns::blob(std::uint64_t row) const {
  const auto& array = columns_[kValue];
  if (!array || array->is_null(row)) return std::nullopt;
  return array->value<lance::BlobDescriptor>(row);
}

}  // namespace lancekeep::store
