// SPDX-License-Identifier: Apache-2.0
#include "store/rows/native_layout.h"

#include <algorithm>

namespace lancekeep::store {

namespace {

constexpr std::string_view kBlobKey = "lance-encoding:blob";

struct ColumnType {
  std::string_view name;
  std::string_view logical_type;
  std::string_view item_type;  // of a list
};

constexpr ColumnType kTypes[kColumns] = {
    {"name", "string", {}},        {"dtype", "string", {}},  {"shape", "list", "int64"},
    {"value", "large_binary", {}}, {"ordinal", "int64", {}}, {"hash", "string", {}},
    {"tied_to", "string", {}},
};

const lance::Field* top_level(const std::vector<lance::Field>& fields, std::string_view name) {
  const auto it = std::ranges::find_if(
      fields, [&](const lance::Field& f) { return f.parent_id == -1 && f.name == name; });
  return it == fields.end() ? nullptr : &*it;
}

const lance::Field* child_of(const std::vector<lance::Field>& fields, const lance::Field& parent) {
  const auto it = std::ranges::find(fields, parent.id, &lance::Field::parent_id);
  return it == fields.end() ? nullptr : &*it;
}

bool is_list(const lance::Field& field) {
  return field.logical_type == "list" || field.logical_type == "list.struct" ||
         field.logical_type == "large_list";
}

// The leaf of `type` in a dataset's fields, or nothing where the column is missing or of another
// type.
const lance::Field* leaf(const std::vector<lance::Field>& fields, const ColumnType& type) {
  const lance::Field* field = top_level(fields, type.name);
  if (field == nullptr || field->logical_type != type.logical_type) return nullptr;
  if (type.item_type.empty()) return field;
  const lance::Field* item = child_of(fields, *field);
  return item != nullptr && item->logical_type == type.item_type ? item : nullptr;
}

bool is_blob(const lance::Field& field) {
  const auto it = field.metadata.find(std::string(kBlobKey));
  return it != field.metadata.end() && it->second == "true";
}

}  // namespace

Layout layout_of(const std::vector<lance::Field>& fields) {
  const lance::Field* value = leaf(fields, kTypes[kValue]);
  if (value != nullptr && is_blob(*value) && leaf(fields, kTypes[kName]) != nullptr &&
      leaf(fields, kTypes[kDtype]) != nullptr && leaf(fields, kTypes[kShape]) != nullptr) {
    return Layout::native;
  }
  const lance::Field* list = top_level(fields, "value");
  if (list != nullptr && is_list(*list) && top_level(fields, "name") != nullptr &&
      top_level(fields, "shape") != nullptr) {
    return Layout::recipe;
  }
  return Layout::other;
}

std::string describe_columns(const std::vector<lance::Field>& fields) {
  std::string text;
  for (const lance::Field& field : fields) {
    if (field.parent_id != -1) continue;
    if (!text.empty()) text += ", ";
    text += field.name + ": " + field.logical_type;
    const lance::Field* item = child_of(fields, field);
    if (item != nullptr && is_list(field)) text += "<" + item->logical_type + ">";
  }
  return text.empty() ? "none" : text;
}

std::vector<lance::Field> native_fields(const std::vector<lance::Field>& earlier) {
  std::vector<lance::Field> fields;
  const auto add = [&](std::string_view name, std::int32_t parent, std::string_view type,
                       lance::FieldEncoding encoding) {
    lance::Field field{.name = std::string(name), .parent_id = parent};
    if (const lance::Field* before = parent == -1 ? top_level(earlier, name) : nullptr) {
      field.metadata = before->metadata;
    }
    field.id = static_cast<std::int32_t>(fields.size());
    field.logical_type = type;
    field.encoding = encoding;
    fields.push_back(std::move(field));
    return fields.back().id;
  };
  for (const ColumnType& type : kTypes) {
    const bool plain = type.logical_type == "int64" || !type.item_type.empty();
    const auto encoding = plain ? lance::FieldEncoding::plain : lance::FieldEncoding::var_binary;
    const std::int32_t id = add(type.name, -1, type.logical_type, encoding);
    if (type.name == "value") fields.back().metadata[std::string(kBlobKey)] = "true";
    if (!type.item_type.empty()) add("item", id, type.item_type, lance::FieldEncoding::plain);
  }
  return fields;
}

std::vector<std::int32_t> native_leaf_ids() { return find_leaf_ids(native_fields({})); }

std::vector<std::int32_t> find_leaf_ids(const std::vector<lance::Field>& fields) {
  std::vector<std::int32_t> ids;
  for (const ColumnType& type : kTypes) {
    const lance::Field* field = leaf(fields, type);
    ids.push_back(field == nullptr ? -1 : field->id);
  }
  return ids;
}

}  // namespace lancekeep::store
