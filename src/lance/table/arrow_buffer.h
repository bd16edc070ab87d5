// SPDX-License-Identifier: Apache-2.0
// The buffers of an Arrow record batch, stored or compressed: i64 size of the raw bytes (-1: stored
// as they are), then one zstd or LZ4 frame.
#pragma once

#include "io/byte_view.h"
#include "lance/table/arrow_metadata.h"

#include <optional>
#include <vector>

namespace lancekeep::lance {

/// Nothing: the batch's buffers are stored without the size in front. Throws unsupported for a
/// codec that Arrow did not have when this was written.
[[nodiscard]] std::optional<arrow::Codec> arrow_compression(const arrow::Compression* compression,
                                                            const io::ByteView& metadata);

/// Appends the `count` u32 of a values buffer.
void append_arrow_rows(const io::ByteView& buffer, std::optional<arrow::Codec> codec,
                       std::uint64_t count, std::vector<std::uint32_t>& rows);

}  // namespace lancekeep::lance
