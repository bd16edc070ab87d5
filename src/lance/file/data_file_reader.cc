// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_reader.h"

#include "io/checked_math.h"
#include "lance/encoding/v2_0/array_page.h"
#include "lance/file/column_type.h"
#include "lance/file/field_tree.h"
#include "lance/file/footer.h"

#include <fmt/format.h>

#include <utility>

namespace lancekeep::lance {
namespace {

v2_0::ValueKind value_kind(const Field* field) {
  if (field == nullptr) return v2_0::ValueKind::plain;
  if (is_blob(*field)) return v2_0::ValueKind::blob;
  return field->logical_type.starts_with("dict:") ? v2_0::ValueKind::dictionary
                                                  : v2_0::ValueKind::plain;
}

// Adds the items to a list column of format 2.0, so that it is like a list column of other formats.
void set_items(Array& lists, Array&& items) {
  lists.items = items.items;
  lists.item_bits = items.item_bits;
  lists.dimension = items.dimension;
  lists.item_valid = std::move(items.row_valid);
  lists.value_valid = std::move(items.value_valid);
  lists.offsets = std::move(items.offsets);
  lists.data = std::move(items.data);
}

// Pages that share bytes could take more time and memory than the size of the file justifies.
void check_buffers(const std::vector<ColumnMetadata>& columns, const io::ByteView& file) {
  std::uint64_t left = file.size();
  for (const ColumnMetadata& column : columns) {
    for (const Page& page : column.pages) {
      for (const PageBuffer& buffer : page.buffers) {
        if (buffer.size > left) {
          page.encoding.fail("pages overlap: together their buffers are larger than the file");
        }
        left -= buffer.size;
      }
    }
  }
}

void require_decodable_page(const Page& page, FormatVersion version) {
  if (version == kFormat20) {
    v2_0::require_decodable(page);
  } else {
    require_decodable(page);
  }
}

bool is_list_or_struct(const ColumnMetadata& column) {
  if (column.pages.empty()) return false;
  const v2_0::ArrayKind kind = v2_0::decode_page_encoding(column.pages.front()).kind;
  return kind == v2_0::ArrayKind::list || kind == v2_0::ArrayKind::structure;
}

// At format 2.0 the items of lists are the next column; only plain items are supported.
void require_plain_items(const DataFileReader& file, std::uint32_t column) {
  if (!file.has_lists_only(column)) return;
  const ColumnMetadata& items = file.column(column + 1);
  if (is_list_or_struct(items)) {
    items.encoding.fail(ErrorCode::unsupported,
                        "lists of lists or structs at format 2.0, which this build does not read");
  }
}

}  // namespace

void check_rows(const ColumnMetadata& column, std::uint64_t expected_rows) {
  std::uint64_t rows = 0;
  for (const Page& page : column.pages) {
    const auto sum = io::checked_add(rows, page.rows);
    if (!sum) column.encoding.fail("a column's pages have more than 2^64 rows");
    rows = *sum;
  }
  if (rows != expected_rows) {
    column.encoding.fail(fmt::format("a column has {} rows, expected {}", rows, expected_rows));
  }
}

DataFileReader DataFileReader::open(io::ByteView file) {
  const Footer footer = decode_footer(file);
  DataFileReader reader;
  reader.version_ = footer.version;
  reader.descriptor_ = decode_file_descriptor(footer.global_buffers.front());
  reader.columns_.reserve(footer.columns.size());
  for (const io::ByteView& column : footer.columns)
    reader.columns_.push_back(decode_column_metadata(column));
  check_buffers(reader.columns_, file);
  const std::vector<Field>& all = reader.descriptor_.fields;
  for (const Field* field : column_fields(all, reader.version_))
    reader.fields_.push_back(static_cast<std::size_t>(field - all.data()));
  reader.file_ = std::move(file);
  return reader;
}

const ColumnMetadata& DataFileReader::column(std::uint32_t column) const {
  if (column < columns_.size()) return columns_[column];
  file_.fail(
      fmt::format("column {} does not exist; the file has {} columns", column, columns_.size()));
}

const Field* DataFileReader::field(std::uint32_t column) const {
  if (fields_.size() != columns_.size() || column >= fields_.size()) return nullptr;
  return &descriptor_.fields[fields_[column]];
}

bool DataFileReader::has_lists_only(std::uint32_t column) const {
  if (version_ != kFormat20) return false;
  const ColumnMetadata& metadata = this->column(column);
  const Field* known = field(column);
  if (metadata.pages.empty())
    return known != nullptr && (known->logical_type.starts_with("list") ||
                                known->logical_type.starts_with("large_list"));
  return v2_0::decode_page_encoding(metadata.pages.front()).kind == v2_0::ArrayKind::list;
}

void DataFileReader::read_pages(std::uint32_t column, std::uint64_t expected_rows,
                                std::uint64_t max_items, Array& array) const {
  const ColumnMetadata& metadata = this->column(column);
  check_rows(metadata, expected_rows);
  for (std::size_t index = 0; index < metadata.pages.size(); ++index) {
    try {
      const Page& page = metadata.pages[index];
      if (version_ == kFormat20) {
        v2_0::decode_page(file_, page, value_kind(field(column)), max_items, array);
      } else {
        decode_page(file_, page, max_items, array);
      }
    } catch (const Error& error) {
      throw error.with_message(
          fmt::format("column {}, page {}: {}", column, index, error.message()));
    }
  }
}

Array DataFileReader::read_lists(std::uint32_t column, std::uint64_t expected_rows,
                                 std::uint64_t max_items) const {
  Array lists;
  lists.is_list = true;
  lists.list_offsets = {0};
  read_pages(column, expected_rows, max_items, lists);
  if (lists.list_offsets.back() > max_items) {
    file_.fail(fmt::format("a column has {} items, expected at most {}", lists.list_offsets.back(),
                           max_items));
  }
  return lists;
}

Array DataFileReader::read_column(std::uint32_t column, std::uint64_t expected_rows,
                                  std::uint64_t max_items) const {
  (void)this->column(column);
  if (has_lists_only(column)) {
    Array lists = read_lists(column, expected_rows, max_items);
    const std::uint64_t items = lists.list_offsets.back();
    if (has_lists_only(column + 1))
      file_.fail(ErrorCode::unsupported,
                 "lists of lists at format 2.0, which this build does not read");
    set_items(lists, read_column(column + 1, items, max_items));
    return lists;
  }
  Array array;
  if (const Field* known = field(column)) array = empty_column(descriptor_.fields, *known);
  if (version_ == kFormat20 && array.is_list) {  // the lists are the column before this one
    array.is_list = false;
    array.list_offsets.clear();
  }
  read_pages(column, expected_rows, max_items, array);
  if (!array.has_type()) set_type(array, 0);
  return array;
}

std::string why_unreadable(const DataFileReader& file, std::uint32_t column) {
  try {
    for (const Page& page : file.column(column).pages) require_decodable_page(page, file.version());
    require_plain_items(file, column);
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

std::string describe_encoding(const Page& page, FormatVersion version) {
  return version == kFormat20 ? v2_0::describe_encoding(page) : describe_encoding(page);
}

std::vector<std::string> column_names(const DataFileReader& file) {
  const std::vector<Field>& fields = file.descriptor().fields;
  const FieldTree tree(fields);
  std::vector<std::string> names(file.columns().size());
  for (std::uint32_t column = 0; column < names.size(); ++column) {
    const Field* field = file.field(column);
    if (field != nullptr)
      names[column] = tree.path(static_cast<std::size_t>(field - fields.data()));
  }
  return names;
}

}  // namespace lancekeep::lance
