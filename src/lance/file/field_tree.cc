// SPDX-License-Identifier: Apache-2.0
#include "lance/file/field_tree.h"

#include "lance/file/column_type.h"

#include <fmt/format.h>

#include <unordered_map>

namespace lancekeep::lance {
namespace {

constexpr std::size_t kMaxFieldDepth = 32;
constexpr const char* kExtensionKey = "ARROW:extension:name";

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t colon = text.find(':'); colon != std::string::npos;
       colon = text.find(':', from)) {
    parts.push_back(text.substr(from, colon - from));
    from = colon + 1;
  }
  parts.push_back(text.substr(from));
  return parts;
}

// "fixed_size_list:fixed_size_list:float:2:3": the type of the items is in the middle.
std::string list_name(const std::string& type, std::size_t head) {
  const std::size_t last = type.rfind(':');
  if (last <= head) return type;
  return fmt::format("fixed_size_list<item: {}>[{}]",
                     arrow_type_name(type.substr(head + 1, last - head - 1)),
                     type.substr(last + 1));
}

// "timestamp:us:America/New_York"; a time zone may have colons: "+01:00".
std::string timestamp_name(const std::string& type, const std::vector<std::string>& parts) {
  const std::size_t zone = parts[0].size() + parts[1].size() + 2;
  if (parts.size() < 3 || parts[2] == "-") return fmt::format("timestamp[{}]", parts[1]);
  return fmt::format("timestamp[{}, tz={}]", parts[1], type.substr(zone));
}

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

std::string FieldTree::describe_children(std::size_t index) const {
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
  text = nodes_[index].children.empty() ? arrow_type_name(text)
                                        : fmt::format("{}<{}>", text, describe_children(index));
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

std::string arrow_type_name(const std::string& logical_type) {
  constexpr std::size_t kLongest = 256;  // a longer type is printed unchanged
  const std::vector<std::string> parts = parts_of(logical_type);
  const std::string& head = parts.front();
  if (parts.size() == 1 || logical_type.size() > kLongest) return logical_type;
  if (head == "fixed_size_list") return list_name(logical_type, head.size());
  if (head == "timestamp") return timestamp_name(logical_type, parts);
  if (head == "decimal" && parts.size() == 4)
    return fmt::format("decimal{}({}, {})", parts[1], parts[2], parts[3]);
  if (head == "dict" && parts.size() == 4) {
    return fmt::format("dictionary<values={}, indices={}, ordered={}>", parts[1], parts[2],
                       parts[3] == "true" ? 1 : 0);
  }
  if (parts.size() == 2) return fmt::format("{}[{}]", head, parts[1]);
  return logical_type;
}

}  // namespace lancekeep::lance
