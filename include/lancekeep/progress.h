// SPDX-License-Identifier: Apache-2.0
// How a long call reports its progress.
#pragma once

#include <lancekeep/visibility.h>

#include <cstdint>
#include <functional>
#include <string_view>

namespace lancekeep {

/// Called between two pieces of work, on the thread that called Store::save, diff or Store::verify.
/// `done` and `total` are bytes; `tensor` is the name of the current tensor, or empty if the work
/// is not about one tensor. If it throws, that call stops and rethrows the exception; a stopped
/// save leaves the store as it was.
using Progress =
    std::function<void(std::uint64_t done, std::uint64_t total, std::string_view tensor)>;

}  // namespace lancekeep
