// SPDX-License-Identifier: Apache-2.0
#include "lance/file/column_type.h"

#include "lance/file/footer.h"
#include "lance/file/value_type.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace lancekeep::lance {
namespace {

constexpr ValueType kBlobType{128, 1};
constexpr const char* kBlobKey = "lance-encoding:blob";
constexpr const char* kPackedKeys[] = {"lance-encoding:packed", "packed"};

// A struct whose fields stand side by side in one column.
bool is_packed(const Field& field) {
  return field.metadata.contains(kBlobKey) ||
         std::any_of(std::begin(kPackedKeys), std::end(kPackedKeys), [&field](const char* key) {
           const auto entry = field.metadata.find(key);
           return entry != field.metadata.end() && entry->second == "true";
         });
}

bool is_list(const Field& field) {
  return field.logical_type == "list" || field.logical_type == "large_list" ||
         field.logical_type == "list.struct" || field.logical_type == "large_list.struct";
}

}  // namespace

std::vector<const Field*> column_fields(const std::vector<Field>& fields, FormatVersion version) {
  std::set<std::int32_t> parents;
  for (const Field& field : fields) parents.insert(field.parent_id);
  std::set<std::int32_t> within_packed;
  std::vector<const Field*> result;
  for (const Field& field : fields) {
    if (within_packed.contains(field.parent_id)) {
      within_packed.insert(field.id);
      continue;
    }
    const bool is_parent = parents.contains(field.id);
    const bool packed = is_parent && is_packed(field);
    if (packed) within_packed.insert(field.id);
    if (!is_parent || packed || version == FormatVersion{2, 0}) result.push_back(&field);
  }
  return result;
}

bool is_blob(const Field& field) {
  return field.logical_type == "large_binary" && field.metadata.contains(kBlobKey);
}

std::optional<std::uint32_t> find_column(const DataFile& file, const std::vector<Field>& fields,
                                         std::int32_t id) {
  std::set<std::int32_t> wanted = {id};
  const auto column_of = [&file](std::int32_t field) -> std::optional<std::uint32_t> {
    const std::size_t count = std::min(file.fields.size(), file.column_indices.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (file.fields[i] == field && file.column_indices[i] >= 0)
        return static_cast<std::uint32_t>(file.column_indices[i]);
    }
    return std::nullopt;
  };
  if (id < 0) return std::nullopt;
  if (file.column_indices.size() < file.fields.size()) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("the data file `{}` has format {}.{}, which this build does not read; {}",
                    file.path, file.version.major, file.version.minor, kHowToConvert));
  }
  if (const auto own = column_of(id)) return own;
  for (const Field& field : fields) {  // parents stand before their children
    if (!wanted.contains(field.parent_id)) continue;
    wanted.insert(field.id);
    if (const auto column = column_of(field.id)) return column;
  }
  return std::nullopt;
}

Array empty_column(const std::vector<Field>& fields, const Field& leaf) {
  Array array;
  const auto parent = std::find_if(fields.begin(), fields.end(), [&leaf](const Field& field) {
    return field.id == leaf.parent_id;
  });
  if (leaf.parent_id >= 0 && parent != fields.end() && is_list(*parent)) {
    array.is_list = true;
    array.list_offsets = {0};
  }
  if (const auto type = is_blob(leaf) ? kBlobType : value_type(leaf.logical_type)) {
    set_type(array, type->bits);
    array.dimension = type->dimension;
  }
  return array;
}

}  // namespace lancekeep::lance
