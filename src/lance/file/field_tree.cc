// SPDX-License-Identifier: Apache-2.0
#include "lance/file/field_tree.h"

#include "lance/file/column_type.h"

#include <fmt/format.h>

#include <unordered_map>

namespace lancekeep::lance {
namespace {

constexpr std::size_t kMaxFieldDepth = 32;
constexpr const char* kExtensionKey = "ARROW:extension:name";

}  // namespace

FieldTree::FieldTree(const std::vector<Field>& fields) : fields_(&fields), nodes_(fields.size()) {
  std::unordered_map<std::int32_t, std::size_t> index_of;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].parent_id < 0) {
      top_.push_back(i);
    } else if (const auto parent = index_of.find(fields[i].parent_id); parent != index_of.end()) {
      const std::size_t depth = nodes_[parent->second].depth + 1;
      if (depth > kMaxFieldDepth) continue;
      nodes_[i].parent = parent->second;
      nodes_[i].depth = depth;
      nodes_[parent->second].children.push_back(i);
    } else {
      continue;
    }
    index_of.insert_or_assign(fields[i].id, i);
  }
}

void FieldTree::collect_ids(std::size_t index, std::vector<std::int32_t>& ids) const {
  ids.push_back(field(index).id);
  for (const std::size_t child : nodes_[index].children) collect_ids(child, ids);
}

std::vector<std::int32_t> FieldTree::ids(std::size_t index) const {
  std::vector<std::int32_t> ids;
  collect_ids(index, ids);
  return ids;
}

std::string FieldTree::path(std::size_t index) const {
  const std::size_t parent = nodes_[index].parent;
  return parent == kNone ? field(index).name : path(parent) + "." + field(index).name;
}

std::string FieldTree::children_words(std::size_t index) const {
  std::string text;
  for (const std::size_t child : nodes_[index].children) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", field(child).name, type(child));
  }
  return text;
}

std::string FieldTree::type(std::size_t index) const {
  const Field& own = field(index);
  std::string text = own.logical_type;
  if (text == "list.struct") text = "list";
  if (text == "large_list.struct") text = "large_list";
  text = nodes_[index].children.empty() ? type_words(text)
                                        : fmt::format("{}<{}>", text, children_words(index));
  if (is_blob(own)) text += " (blob)";
  if (const std::string extension = extension_of(own); !extension.empty())
    text += fmt::format(" ({})", extension);
  return text;
}

std::string extension_of(const Field& field) {
  if (!field.extension_name.empty()) return field.extension_name;
  const auto entry = field.metadata.find(kExtensionKey);
  return entry == field.metadata.end() ? "" : entry->second;
}

}  // namespace lancekeep::lance
