// SPDX-License-Identifier: Apache-2.0
// Opening the version that a line names.
#pragma once

#include <lancekeep/store.h>

#include <string>

namespace lancekeep::cli {

struct VersionChoice {
  std::string store;
  std::string at = "latest";
  std::string dtype;  ///< what the numbers of a recipe dataset become; empty: float64
};

/// What should be known of the version, such as that a newer one is torn, is printed as a note,
/// unless the result is JSON, which says it as `warning`.
[[nodiscard]] Version open_version(const VersionChoice& chosen, bool json);

}  // namespace lancekeep::cli
