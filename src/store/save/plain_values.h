// SPDX-License-Identifier: Apache-2.0
// The values of a source as the recipe layout keeps them: float64, and nothing that it cannot hold.
#pragma once

#include <lancekeep/tensor.h>

#include "store/save/value_bytes.h"

#include <functional>
#include <span>

namespace lancekeep::store {

/// How many values a tensor has. Its dtype is a number.
[[nodiscard]] std::uint64_t value_count(const TensorSpec& spec);

/// Throws invalid_argument, naming the tensor, for what is no tensor of real numbers, and for one
/// with more of them than a list can have.
void check_plain_dtypes(std::span<const TensorSpec> specs);

/// Throws invalid_argument, naming tensor, index and value, for a number that float64 cannot hold.
/// Reads the tensors of dtypes that have such numbers, and no others.
void check_plain_values(TensorSource& source, SaveProgress& progress);

/// Pushes the values of source.tensors()[index] into `sink` as float64, in pieces. @throws Error
/// invalid_argument for a number that float64 cannot hold, and where the source gives other than
/// the bytes it announced.
void read_as_float64(TensorSource& source, std::size_t index,
                     const std::function<void(std::span<const std::byte>)>& sink);

}  // namespace lancekeep::store
