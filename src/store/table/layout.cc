// SPDX-License-Identifier: Apache-2.0
#include "store/table/layout.h"

#include <lancekeep/error.h>

#include "store/table/schema_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace lancekeep::store {
namespace {

struct ColumnType {
  std::string_view name;
  std::string_view logical_type;
  std::string_view item_type;  // only for a list
};

constexpr ColumnType kTypes[kColumns] = {
    {"name", "string", {}},        {"dtype", "string", {}},  {"shape", "list", "int64"},
    {"value", "large_binary", {}}, {"ordinal", "int64", {}}, {"hash", "string", {}},
    {"tied_to", "string", {}},
};

// The field that holds the values of the column `type`; null if the dataset lacks the column or
// gives it another type.
const lance::Field* leaf(const std::vector<lance::Field>& fields, const ColumnType& type) {
  const lance::Field* field = find_top_level(fields, type.name);
  if (field == nullptr || field->logical_type != type.logical_type) return nullptr;
  if (type.item_type.empty()) return field;
  const lance::Field* item = find_child(fields, *field);
  return item != nullptr && item->logical_type == type.item_type ? item : nullptr;
}

// An id above every id that was ever used: an id is never given to a second column.
std::int32_t next_id(const std::vector<lance::Field>& fields) {
  std::int32_t highest = -1;
  for (const lance::Field& field : fields) highest = std::max(highest, field.id);
  if (highest > std::numeric_limits<std::int32_t>::max() - 2 * static_cast<int>(kColumns) - 1) {
    throw Error(ErrorCode::unsupported,
                fmt::format("the dataset has no field ids left: the highest is {}; import this "
                            "version into a new store",
                            highest));
  }
  return highest + 1;
}

// Appends one column with ids from `id` on and returns the next free id. `metadata` is the
// column's metadata in an earlier schema.
std::int32_t add_column(std::vector<lance::Field>& fields, const ColumnType& type, std::int32_t id,
                        std::map<std::string, std::string> metadata) {
  const bool plain = type.logical_type == "int64" || !type.item_type.empty();
  lance::Field field{.name = std::string(type.name), .id = id, .parent_id = -1};
  field.logical_type = type.logical_type;
  field.encoding = plain ? lance::FieldEncoding::plain : lance::FieldEncoding::var_binary;
  field.metadata = std::move(metadata);
  if (type.name == kTypes[kValue].name) field.metadata[std::string(kBlobKey)] = "true";
  fields.push_back(std::move(field));
  if (type.item_type.empty()) return id + 1;
  lance::Field item{.name = "item", .id = id + 1, .parent_id = id};
  item.logical_type = type.item_type;
  item.encoding = lance::FieldEncoding::plain;
  fields.push_back(std::move(item));
  return id + 2;
}

bool is_native_column(const lance::Field& field) {
  return std::ranges::any_of(kTypes, [&](const ColumnType& type) {
    return field.parent_id == -1 && field.name == type.name;
  });
}

// Drops foreign columns that new rows could not leave null, and native ones of another type.
std::vector<lance::Field> without_unusable(const std::vector<lance::Field>& fields) {
  std::vector<std::int32_t> dropped;
  const auto is_dropped = [&](std::int32_t id) { return std::ranges::count(dropped, id) > 0; };
  for (const lance::Field& field : fields) {  // parents come before their children
    const bool foreign = field.parent_id == -1 && !field.nullable && !is_native_column(field);
    const bool of_other_type =
        is_native_column(field) && std::ranges::none_of(kTypes, [&](const ColumnType& type) {
          return type.name == field.name && leaf(fields, type) != nullptr;
        });
    if (foreign || of_other_type || is_dropped(field.parent_id)) dropped.push_back(field.id);
  }
  std::vector<lance::Field> kept;
  for (const lance::Field& field : fields) {
    if (!is_dropped(field.id)) kept.push_back(field);
  }
  return kept;
}

}  // namespace

std::vector<lance::Field> native_fields(const std::vector<lance::Field>& earlier) {
  std::vector<lance::Field> fields;
  std::int32_t id = 0;
  for (const ColumnType& type : kTypes) {
    const lance::Field* before = find_top_level(earlier, type.name);
    id = add_column(fields, type, id,
                    before == nullptr ? decltype(before->metadata)() : before->metadata);
  }
  return fields;
}

std::vector<lance::Field> completed_fields(const std::vector<lance::Field>& fields) {
  std::vector<lance::Field> completed = without_unusable(fields);
  for (lance::Field& field : completed) {
    if (is_native_column(field)) field.nullable = true;
  }
  std::int32_t id = next_id(fields);
  for (const ColumnType& type : kTypes) {
    if (leaf(completed, type) == nullptr) id = add_column(completed, type, id, {});
  }
  return completed;
}

std::vector<lance::Field> fields_of(const std::vector<lance::Field>& schema,
                                    const std::vector<Column>& columns) {
  std::vector<lance::Field> fields;
  for (const Column column : columns) {
    const lance::Field* field = find_top_level(schema, kTypes[column].name);
    if (field == nullptr) continue;
    fields.push_back(*field);
    if (const lance::Field* item = find_child(schema, *field)) fields.push_back(*item);
  }
  return fields;
}

std::vector<std::int32_t> find_leaf_ids(const std::vector<lance::Field>& fields) {
  std::vector<std::int32_t> ids;
  for (const ColumnType& type : kTypes) {
    const lance::Field* field = leaf(fields, type);
    ids.push_back(field == nullptr ? -1 : field->id);
  }
  return ids;
}

}  // namespace lancekeep::store
