// SPDX-License-Identifier: Apache-2.0
// Reads the only kind of Arrow IPC file that Lance has: a deletion file, with a single column of
// u32 row offsets in one or more record batches, stored or compressed with zstd or LZ4 frames.
// A pure function; any thread may call it.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace lancekeep::lance {

/// The column's values in the file's order. Throws corrupt unless it has exactly `expected` values,
/// or, if that is unset, at most `most`; unsupported unless the file has a single column of u32 without nulls, uncompressed or compressed
/// with one of these codecs.
[[nodiscard]] std::vector<std::uint32_t> decode_arrow_rows(const io::ByteView& file,
                                                           std::optional<std::uint64_t> expected,
                                                           std::uint64_t most = 0);

}  // namespace lancekeep::lance
