// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/entry_name.h"

#include <lancekeep/error.h>

#include "io/utf8.h"

#include <fmt/format.h>

namespace lancekeep::formats {
namespace {

std::optional<std::string> writing_problem(const std::string& name) {
  constexpr std::size_t kLongest = 0xFFFF;
  if (name.size() > kLongest) return "has more than 65535 bytes";
  if (io::utf8_error(name)) return "is not UTF-8";
  return zip_name_problem(name);
}

}  // namespace

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

void require_zip_entry_name(const std::string& name, const std::filesystem::path& path) {
  const auto problem = writing_problem(name);
  if (!problem) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("a zip archive's entry cannot be named `{}`: the name {}; nothing was "
                          "written",
                          io::printable(name), *problem),
              path.string());
}

}  // namespace lancekeep::formats
