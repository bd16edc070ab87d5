// SPDX-License-Identifier: Apache-2.0
// A mapped tensor as a DLPack capsule: what torch turns into a tensor of its own storage with one
// call, without slicing, for the dtypes that DLPack has had from the start.
//
// The structures are those of DLPack 0.x (capsule "dltensor"), which every consumer reads.
#pragma once

#include "python/src/bind.h"

namespace lancekeep::python {

/// Nothing where DLPack has no such dtype, or the value is empty. The capsule keeps the bytes alive
/// until whoever took it lets go of them.
[[nodiscard]] std::optional<nb::object> dlpack_of(const TensorView& view);

}  // namespace lancekeep::python
