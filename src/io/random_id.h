// SPDX-License-Identifier: Apache-2.0
// Names that nobody else makes up: from the kernel's random numbers, so also unlike those of a
// forked process.
#pragma once

#include <cstdint>
#include <string>

namespace lancekeep::io {

[[nodiscard]] std::uint64_t random_u64();
/// A version 4 UUID in its usual form, with hyphens and in lower case.
[[nodiscard]] std::string random_uuid();

}  // namespace lancekeep::io
