// SPDX-License-Identifier: Apache-2.0
// Run-length encoding: values, and how often each repeats (u8; a longer run is several).
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <vector>

namespace lancekeep::lance {

/// Appends `count` values of `width` bytes (1, 2, 4 or 8); throws corrupt unless the runs are just
/// so long.
void append_runs(const io::ByteView& values, const io::ByteView& lengths, std::uint32_t width,
                 std::uint64_t count, std::vector<std::byte>& out);

}  // namespace lancekeep::lance
