// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets hold decoded columns against.
#pragma once

#include "lance/encoding/array.h"
#include "lance/file/list_column.h"

namespace lancekeep::fuzz {

/// Ends the process where the parts of an array do not fit each other as array.h says they do.
void check_array(const lance::Array& array);

/// Ends the process where a column decoded in bulk is another than `array`.
void check_same(const lance::Array& array, const lance::ListRows& rows,
                std::span<const std::byte> values);

}  // namespace lancekeep::fuzz
