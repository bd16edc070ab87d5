// SPDX-License-Identifier: Apache-2.0
// Reading many values: cut into pieces, which threads take one after the other. One thread does not
// fill the memory's bandwidth; more than a few gain nothing.
#pragma once

#include "store/read/version_values.h"

#include <functional>

namespace lancekeep::store {

/// Fills `into` with a row's bytes from `offset` on. Several threads call it at once.
using ReadPiece =
    std::function<void(std::size_t row, std::uint64_t offset, std::span<std::byte> into)>;

/// The threads are gone when it returns. Throws what the first of them threw.
void read_pieces(std::span<const RowRequest> requests, const ReadPiece& read);

}  // namespace lancekeep::store
