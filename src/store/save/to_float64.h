// SPDX-License-Identifier: Apache-2.0
// The values of a source as the plain layout stores them: converted to float64. Values that float64
// cannot represent exactly are rejected.
#pragma once

#include <lancekeep/tensor.h>

#include "store/save/save_source.h"

#include <functional>
#include <span>

namespace lancekeep::store {

/// The number of values in a tensor, whose dtype must be a number type.
[[nodiscard]] std::uint64_t value_count(const TensorSpec& spec);

/// @throws Error invalid_argument, naming the tensor, for an entry that is not a tensor of real
/// numbers, or that has more values than a list can have.
void check_plain_dtypes(std::span<const TensorSpec> specs);

/// Reads only tensors of the dtypes with numbers that float64 cannot represent.
/// @throws Error invalid_argument, naming tensor, index and value, for such a number.
void check_plain_values(TensorSource& source, SaveProgress& progress);

/// Passes the values of source.tensors()[index] to `sink` as float64, in pieces.
/// @throws Error invalid_argument for a number that float64 cannot represent, or if the source does
/// not give as many bytes as announced.
void read_as_float64(TensorSource& source, std::size_t index,
                     const std::function<void(std::span<const std::byte>)>& sink);

}  // namespace lancekeep::store
