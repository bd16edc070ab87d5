// SPDX-License-Identifier: Apache-2.0
// What a save did, in one line.
#pragma once

#include <lancekeep/store.h>

#include <chrono>
#include <string>

namespace lancekeep::cli {

/// "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 18.9 MB in 41 ms", and what was shared,
/// if any.
[[nodiscard]] std::string save_summary(const std::string& store, const SaveReport& report,
                                       std::chrono::nanoseconds elapsed);

}  // namespace lancekeep::cli
