// SPDX-License-Identifier: Apache-2.0
// Checks the invariants of decoded columns.
#pragma once

#include "lance/encoding/array.h"
#include "lance/file/list_column.h"

namespace lancekeep::fuzz {

/// Aborts the process unless the array has the invariants that array.h describes.
void check_array(const lance::Array& array);

/// Aborts the process unless a column decoded in bulk equals `array`.
void check_same(const lance::Array& array, const lance::ListRows& rows,
                std::span<const std::byte> values);

}  // namespace lancekeep::fuzz
