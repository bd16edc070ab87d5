// SPDX-License-Identifier: Apache-2.0
// How a long call reports its progress.
#pragma once

#include <lancekeep/export.h>

#include <cstdint>
#include <functional>
#include <string_view>

namespace lancekeep {

/// Called between two pieces of work, in the thread of the call that was given it (Store::save,
/// diff, Store::verify): the bytes done and to do in total, and the name of the current tensor, which is
/// empty where there is none. An exception thrown from it stops that call and comes out of it; a
/// save that is stopped leaves the store as it was.
using Progress =
    std::function<void(std::uint64_t done, std::uint64_t total, std::string_view tensor)>;

}  // namespace lancekeep
