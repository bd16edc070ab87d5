// SPDX-License-Identifier: Apache-2.0
// Sets of u32 in the portable Roaring format, as `.bin` deletion files hold them.
// CRoaring writes. The reader is our own: CRoaring 0.2.66 takes containers that are unsorted,
// overlap or say another number of values than they have, and has no function that would find out.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// The values in ascending order. Throws corrupt unless the bytes hold exactly `expected` of them,
/// each below `limit`, in every detail as the format says.
[[nodiscard]] std::vector<std::uint32_t> decode_roaring(const io::ByteView& bytes,
                                                        std::uint64_t expected,
                                                        std::uint64_t limit);
/// `values` must be in strictly ascending order.
[[nodiscard]] std::string encode_roaring(const std::vector<std::uint32_t>& values);

}  // namespace lancekeep::lance
