// SPDX-License-Identifier: Apache-2.0
// LZ4 and zstd, as Lance puts them around a buffer: the raw size (u32 for lz4, u64 for zstd), then
// an LZ4 block or a zstd frame.
#pragma once

#include "lance/encoding/compression.h"

namespace lancekeep::lance {

/// The bytes in a buffer of their own, allocated only after their size was held against what so
/// many compressed bytes can hold at most, and against `most`, which is what the caller has a use
/// for.
[[nodiscard]] io::ByteView decompress(const io::ByteView& buffer, GeneralScheme scheme,
                                      std::uint64_t most);

}  // namespace lancekeep::lance
