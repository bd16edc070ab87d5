// SPDX-License-Identifier: Apache-2.0
#include "lance/file/field_tree.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

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

// "fixed_size_list:fixed_size_list:float:2:3": the type of the items stands between.
std::string list_words(const std::string& type, std::size_t head) {
  const std::size_t last = type.rfind(':');
  if (last <= head) return type;
  return fmt::format("fixed_size_list<item: {}>[{}]",
                     type_words(type.substr(head + 1, last - head - 1)), type.substr(last + 1));
}

// "timestamp:us:America/New_York"; a time zone may have colons: "+01:00".
std::string timestamp_words(const std::string& type, const std::vector<std::string>& parts) {
  const std::size_t zone = parts[0].size() + parts[1].size() + 2;
  if (parts.size() < 3 || parts[2] == "-") return fmt::format("timestamp[{}]", parts[1]);
  return fmt::format("timestamp[{}, tz={}]", parts[1], type.substr(zone));
}

}  // namespace

std::string type_words(const std::string& logical_type) {
  constexpr std::size_t kLongest = 256;  // of a type that is nested; else it is not worth its words
  const std::vector<std::string> parts = parts_of(logical_type);
  const std::string& head = parts.front();
  if (parts.size() == 1 || logical_type.size() > kLongest) return logical_type;
  if (head == "fixed_size_list") return list_words(logical_type, head.size());
  if (head == "timestamp") return timestamp_words(logical_type, parts);
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
