// SPDX-License-Identifier: Apache-2.0
#include "store/table/schema_fields.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lancekeep::store {
namespace {

constexpr std::string_view kFixedSizeList = "fixed_size_list:";
constexpr std::string_view kDictionary = "dict:";

// Lance's names of number types, and torch's.
constexpr std::pair<std::string_view, std::string_view> kFloats[] = {
    {"double", "float64"}, {"float", "float32"}, {"halffloat", "float16"}};
constexpr std::string_view kIntegers[] = {"int8",  "int16",  "int32",  "int64",
                                          "uint8", "uint16", "uint32", "uint64"};

bool is_list(const lance::Field& field) {
  return field.logical_type == "list" || field.logical_type == "list.struct" ||
         field.logical_type == "large_list" || field.logical_type == "large_list.struct";
}

}  // namespace

const lance::Field* find_top_level(const std::vector<lance::Field>& fields, std::string_view name) {
  const auto it = std::ranges::find_if(
      fields, [&](const lance::Field& f) { return f.parent_id == -1 && f.name == name; });
  return it == fields.end() ? nullptr : &*it;
}

const lance::Field* find_child(const std::vector<lance::Field>& fields,
                               const lance::Field& parent) {
  const auto it = std::ranges::find(fields, parent.id, &lance::Field::parent_id);
  return it == fields.end() ? nullptr : &*it;
}

std::string describe_column(const std::vector<lance::Field>& fields, const lance::Field& column) {
  const lance::Field* item = find_child(fields, column);
  if (item == nullptr || !is_list(column)) return column.logical_type;
  return column.logical_type + "<" + item->logical_type + ">";
}

std::string describe_columns(const std::vector<lance::Field>& fields) {
  std::string text;
  for (const lance::Field& field : fields) {
    if (field.parent_id != -1) continue;
    if (!text.empty()) text += ", ";
    text += field.name + ": " + describe_column(fields, field);
  }
  return text.empty() ? "none" : text;
}

bool is_text(std::string_view type) {
  if (type.starts_with(kDictionary)) {
    type.remove_prefix(kDictionary.size());
    type = type.substr(0, type.find(':'));
  }
  return type == "string" || type == "large_string";
}

bool is_blob_column(const lance::Field& column) {
  const auto entry = column.metadata.find(std::string(kBlobKey));
  return column.logical_type == "large_binary" && entry != column.metadata.end() &&
         entry->second == "true";
}

std::string integer_dtype(std::string_view type) {
  return std::ranges::find(kIntegers, type) != std::end(kIntegers) ? std::string(type) : "";
}

std::string number_dtype(std::string_view type) {
  for (const auto& [name, dtype] : kFloats) {
    if (name == type) return std::string(dtype);
  }
  return type == "bool" ? "bool" : integer_dtype(type);
}

std::string item_type(const std::vector<lance::Field>& fields, const lance::Field& list) {
  const std::string_view type = list.logical_type;
  if (type.starts_with(kFixedSizeList)) {
    const std::string_view rest = type.substr(kFixedSizeList.size());
    return std::string(rest.substr(0, rest.rfind(':')));
  }
  if (type != "list" && type != "large_list") return {};
  const lance::Field* item = find_child(fields, list);
  return item == nullptr ? std::string() : item->logical_type;
}

}  // namespace lancekeep::store
