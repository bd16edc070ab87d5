// SPDX-License-Identifier: Apache-2.0
#include "cli/name_patterns.h"

#include <lancekeep/tensors.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fnmatch.h>

namespace lancekeep::cli {

bool NamePatterns::match(std::string_view name) {
  const std::string text(name);
  bool matches = patterns_.empty();
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    // Compares names first, because a name can contain characters that have a meaning in a pattern.
    if (patterns_[i] != text && ::fnmatch(patterns_[i].c_str(), text.c_str(), 0) != 0) continue;
    used_[i] = true;
    matches = true;
  }
  return matches;
}

std::vector<std::string> NamePatterns::unused() const {
  std::vector<std::string> unused;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (!used_[i]) unused.push_back(patterns_[i]);
  }
  return unused;
}

std::unique_ptr<TensorSource> matching_tensors(const Version& version,
                                               const std::vector<std::string>& patterns,
                                               const std::string& store) {
  if (patterns.empty()) return version.source();
  NamePatterns names(patterns);
  auto source = std::make_unique<Subset>(version.source(),
                                         [&](std::string_view name) { return names.match(name); });
  if (const auto unused = names.unused(); !unused.empty()) {
    throw Error(
        ErrorCode::not_found,
        fmt::format("no tensor in version {} matches `{}`; `lancekeep ls` lists its tensors",
                    version.number(), fmt::join(unused, "`, `")),
        store);
  }
  return source;
}

}  // namespace lancekeep::cli
