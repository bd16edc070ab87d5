// SPDX-License-Identifier: Apache-2.0
// Unique names from the kernel's random numbers, so that a forked process does not repeat them. Any
// thread may call these functions. They throw Error io.
#pragma once

#include <cstdint>
#include <string>

namespace lancekeep::io {

[[nodiscard]] std::uint64_t random_u64();
/// A version 4 UUID in lower case with hyphens.
[[nodiscard]] std::string random_uuid();

}  // namespace lancekeep::io
