// SPDX-License-Identifier: Apache-2.0
// Tensors as the command line names them: each argument is a name or a pattern (*, ?, [...]).
#pragma once

#include <lancekeep/store.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::cli {

class NamePatterns {
 public:
  explicit NamePatterns(std::vector<std::string> patterns)
      : patterns_(std::move(patterns)), used_(patterns_.size(), false) {}

  /// Whether the name equals or matches one of the patterns. Without patterns, every name matches.
  [[nodiscard]] bool match(std::string_view name);
  /// Returns the patterns that have not matched any name yet.
  [[nodiscard]] std::vector<std::string> unused() const;

 private:
  std::vector<std::string> patterns_;
  std::vector<bool> used_;
};

/// Returns the version's tensors that match; all of them if there are no patterns. `store` is for
/// messages. @throws Error not_found for a pattern that matches no name.
[[nodiscard]] std::unique_ptr<TensorSource> matching_tensors(
    const Version& version, const std::vector<std::string>& patterns, const std::string& store);

}  // namespace lancekeep::cli
