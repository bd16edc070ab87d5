// SPDX-License-Identifier: Apache-2.0
// Deletion files: which rows of a fragment are deleted, as u32 row offsets. Lance writes them as
// `.bin` (portable Roaring bitmaps) or `.arrow` (see arrow_ipc.h); this build writes `.bin`.
// Free functions; any thread may call them.
#pragma once

#include "io/byte_view.h"
#include "io/storage.h"
#include "lance/proto/manifest.h"
#include "lance/table/commit.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// The deleted rows of a fragment, ascending, each below `fragment.physical_rows`; empty if it has
/// no deletion file. If the manifest does not count them (a `num_deleted_rows` of 0), the file may
/// list any number. Throws corrupt, or unsupported for more than 2^26 deleted rows.
[[nodiscard]] std::vector<std::uint32_t> read_deletions(const io::Storage& storage,
                                                        const Fragment& fragment);
/// Writes a `.bin` file of `rows`, which must be ascending, and returns the fragment's entry for
/// it. The caller syncs `files`.
[[nodiscard]] DeletionFile write_deletions(UncommittedFiles& files, std::uint64_t fragment_id,
                                           std::uint64_t read_version,
                                           const std::vector<std::uint32_t>& rows);

/// The values of a portable Roaring bitmap, ascending. Throws corrupt unless there are exactly
/// `expected` values (any number of values if that is unset), each below `limit`, and every detail is as the format requires. This does not
/// use CRoaring because CRoaring 0.2.66 accepts containers that are unsorted, overlap or state a
/// wrong number of values, and cannot check them.
[[nodiscard]] std::vector<std::uint32_t> decode_roaring(const io::ByteView& bytes,
                                                        std::optional<std::uint64_t> expected,
                                                        std::uint64_t limit);
/// `values` must be strictly ascending.
[[nodiscard]] std::string encode_roaring(const std::vector<std::uint32_t>& values);

}  // namespace lancekeep::lance
