// SPDX-License-Identifier: Apache-2.0
// Names of tensors as a line gives them: each is a name, or a pattern (*, ?, [...]).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::cli {

class NamePatterns {
 public:
  explicit NamePatterns(std::vector<std::string> patterns)
      : patterns_(std::move(patterns)), used_(patterns_.size(), false) {}

  /// Whether one of the patterns is this name or matches it; without patterns every name fits.
  [[nodiscard]] bool takes(std::string_view name);
  /// The patterns that fitted no name so far.
  [[nodiscard]] std::vector<std::string> unused() const;

 private:
  std::vector<std::string> patterns_;
  std::vector<bool> used_;
};

}  // namespace lancekeep::cli
