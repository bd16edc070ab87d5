// SPDX-License-Identifier: Apache-2.0
// The tensors of a version that an export is to write.
#pragma once

#include <lancekeep/store.h>

#include <memory>
#include <string>
#include <vector>

namespace lancekeep::cli {

/// All, or those that `patterns` name. @throws Error not_found for a pattern that fits no name;
/// `store` is for messages.
[[nodiscard]] std::unique_ptr<TensorSource> selected_tensors(
    const Version& version, const std::vector<std::string>& patterns, const std::string& store);

/// Their bytes, tied ones each time they are written.
[[nodiscard]] std::uint64_t bytes_of(const TensorSource& source);

}  // namespace lancekeep::cli
