// SPDX-License-Identifier: Apache-2.0
// Whether bytes fit the machine's memory, asked before a buffer of a size that a file claims is
// made.
#pragma once

#include <cstdint>
#include <string>

namespace lancekeep::io {

/// Bytes that can be had without swapping: the system's own estimate.
[[nodiscard]] std::uint64_t available_memory();

/// Throws io where `length` bytes are more than that.
void require_memory(std::uint64_t length, const std::string& file);

}  // namespace lancekeep::io
