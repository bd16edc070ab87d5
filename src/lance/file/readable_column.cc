// SPDX-License-Identifier: Apache-2.0
#include "lance/file/readable_column.h"

#include "lance/encoding/readable.h"
#include "lance/encoding/v2_0/readable.h"
#include "lance/file/field_tree.h"

namespace lancekeep::lance {
namespace {

void require_readable_page(const Page& page, FormatVersion version) {
  if (version == kFormat20) {
    v2_0::require_readable(page);
  } else {
    require_readable(page);
  }
}

bool is_list_or_struct(const ColumnMetadata& column) {
  if (column.pages.empty()) return false;
  const v2_0::ArrayKind kind = v2_0::decode_page_encoding(column.pages.front()).kind;
  return kind == v2_0::ArrayKind::list || kind == v2_0::ArrayKind::structure;
}

// At format 2.0 the items of lists are the next column, and plain ones alone are put together.
void require_plain_items(const DataFileReader& file, std::uint32_t column) {
  if (!file.has_lists_only(column)) return;
  const ColumnMetadata& items = file.column(column + 1);
  if (is_list_or_struct(items)) {
    items.encoding.fail(ErrorCode::unsupported,
                        "lists of lists or of structs at format 2.0, which this build does not "
                        "put together");
  }
}

}  // namespace

std::string why_unreadable(const DataFileReader& file, std::uint32_t column) {
  try {
    for (const Page& page : file.column(column).pages) require_readable_page(page, file.version());
    require_plain_items(file, column);
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

std::string encoding_words(const Page& page, FormatVersion version) {
  return version == kFormat20 ? v2_0::encoding_words(page) : encoding_words(page);
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
