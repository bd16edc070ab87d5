// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/entry_name.h"

namespace lancekeep::formats {

std::optional<std::string> zip_name_problem(std::string_view name) {
  const std::string slashed = "/" + std::string(name) + "/";
  if (name.empty()) return "is empty";
  if (name.find('\0') != name.npos) return "has a NUL in it";
  if (name.find('\\') != name.npos) {
    return "has a backslash in it, which some systems take for a folder's end";
  }
  if (name.front() == '/' || slashed.find("/../") != slashed.npos) {
    return "would leave the archive";
  }
  return std::nullopt;
}

}  // namespace lancekeep::formats
