// SPDX-License-Identifier: Apache-2.0
// What a save asks of its source before it writes a byte.
#pragma once

#include <lancekeep/tensor.h>

namespace lancekeep::store {

/// Throws invalid_argument, naming the tensor: names that are double, too long or not UTF-8, a
/// shape that is impossible or does not give the announced bytes, a tie to what is no such target.
void check_source(std::span<const TensorSpec> specs);

}  // namespace lancekeep::store
