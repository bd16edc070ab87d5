// SPDX-License-Identifier: Apache-2.0
#include "lance/file/column_type.h"

#include <algorithm>
#include <optional>
#include <set>

namespace lancekeep::lance {
namespace {

constexpr std::uint32_t blob_bits = 128;
constexpr const char* blob_key = "lance-encoding:blob";

/// The bits of a value; 0: variable; nothing: a kind unknown here.
std::optional<std::uint32_t> item_bits(const Field& field) {
  const std::string& type = field.logical_type;
  if (type == "large_binary" && field.metadata.contains(blob_key)) return blob_bits;
  if (type == "string" || type == "large_string" || type == "binary" || type == "large_binary")
    return 0;
  if (type == "int64" || type == "uint64" || type == "double") return 64;
  if (type == "int32" || type == "uint32" || type == "float") return 32;
  if (type == "int16" || type == "uint16" || type == "halffloat") return 16;
  if (type == "int8" || type == "uint8") return 8;
  return std::nullopt;
}

}  // namespace

Array empty_column(const FileDescriptor& descriptor, std::size_t column, std::size_t columns) {
  Array array;
  std::set<std::int32_t> parents;
  for (const Field& field : descriptor.fields) parents.insert(field.parent_id);
  std::vector<const Field*> leaves;
  for (const Field& field : descriptor.fields) {
    if (!parents.contains(field.id)) leaves.push_back(&field);
  }
  if (leaves.size() != columns || column >= leaves.size()) return array;
  const Field& leaf = *leaves[column];
  const auto parent =
      std::find_if(descriptor.fields.begin(), descriptor.fields.end(),
                   [&leaf](const Field& field) { return field.id == leaf.parent_id; });
  if (parent != descriptor.fields.end()) {
    if (parent->logical_type != "list" && parent->logical_type != "large_list") return array;
    array.is_list = true;
    array.list_offsets = {0};
  }
  if (const auto bits = item_bits(leaf)) set_type(array, *bits);
  return array;
}

}  // namespace lancekeep::lance
