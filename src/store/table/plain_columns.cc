// SPDX-License-Identifier: Apache-2.0
#include "store/table/plain_columns.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace lancekeep::store {
namespace {

constexpr std::string_view kFixedSizeList = "fixed_size_list:";

// Lance's name of a number type, and torch's.
constexpr std::pair<std::string_view, std::string_view> kFloats[] = {
    {"double", "float64"}, {"float", "float32"}, {"halffloat", "float16"}};
constexpr std::string_view kIntegers[] = {"int8",  "int16",  "int32",  "int64",
                                          "uint8", "uint16", "uint32", "uint64"};

std::string integer_dtype(std::string_view type) {
  return std::ranges::find(kIntegers, type) != std::end(kIntegers) ? std::string(type) : "";
}

// Empty for what is no number.
std::string number_dtype(std::string_view type) {
  for (const auto& [name, dtype] : kFloats) {
    if (name == type) return std::string(dtype);
  }
  return type == "bool" ? "bool" : integer_dtype(type);
}

const lance::Field* top_level(const std::vector<lance::Field>& fields, std::string_view name) {
  const auto it = std::ranges::find_if(
      fields, [&](const lance::Field& f) { return f.parent_id == -1 && f.name == name; });
  return it == fields.end() ? nullptr : &*it;
}

// The type of a list's items, "fixed_size_list:double:6" being a list of double; empty: no list.
std::string item_type(const std::vector<lance::Field>& fields, const lance::Field& list) {
  const std::string_view type = list.logical_type;
  if (type.starts_with(kFixedSizeList)) {
    const std::string_view rest = type.substr(kFixedSizeList.size());
    return std::string(rest.substr(0, rest.rfind(':')));
  }
  if (type != "list" && type != "large_list") return {};
  const auto item = std::ranges::find(fields, list.id, &lance::Field::parent_id);
  return item == fields.end() ? std::string() : item->logical_type;
}

}  // namespace

std::optional<PlainColumns> find_plain_columns(const std::vector<lance::Field>& fields) {
  const lance::Field* name = top_level(fields, "name");
  const lance::Field* value = top_level(fields, "value");
  const lance::Field* shape = top_level(fields, "shape");
  if (name == nullptr || value == nullptr || shape == nullptr) return std::nullopt;
  if (name->logical_type != "string" && name->logical_type != "large_string") return std::nullopt;
  PlainColumns columns{.name = name->id,
                       .value = value->id,
                       .shape = shape->id,
                       .value_dtype = number_dtype(item_type(fields, *value)),
                       .shape_dtype = integer_dtype(item_type(fields, *shape))};
  if (columns.value_dtype.empty() || columns.shape_dtype.empty()) return std::nullopt;
  return columns;
}

}  // namespace lancekeep::store
