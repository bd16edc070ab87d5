// SPDX-License-Identifier: Apache-2.0
#include "cli/name_patterns.h"

#include <fnmatch.h>

namespace lancekeep::cli {

bool NamePatterns::takes(std::string_view name) {
  const std::string text(name);
  bool taken = patterns_.empty();
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    // A name may have characters in it that mean something in a pattern.
    const bool fits = patterns_[i] == text || ::fnmatch(patterns_[i].c_str(), text.c_str(), 0) == 0;
    if (fits) used_[i] = true;
    taken = taken || fits;
  }
  return taken;
}

std::vector<std::string> NamePatterns::unused() const {
  std::vector<std::string> unused;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (!used_[i]) unused.push_back(patterns_[i]);
  }
  return unused;
}

}  // namespace lancekeep::cli
