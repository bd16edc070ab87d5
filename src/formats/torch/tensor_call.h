// SPDX-License-Identifier: Apache-2.0
// The call in a pickle that rebuilds a plain tensor, without what wraps it: a parameter, a subclass
// of Tensor, a tensor that has its bytes in another one. Pure functions; any thread may call them.
#pragma once

#include "formats/pickle/value.h"
#include "formats/torch/globals.h"

#include <optional>
#include <span>
#include <string>

namespace lancekeep::formats {

struct PlainTensorCall {
  const PickleNode* node = nullptr;
  Callable function = Callable::tensor;  ///< one of the three for which rebuilds_plainly() is true
  std::span<const PickleValue> arguments;
  std::string own_class;  ///< of the subclass that wraps it; empty if there is none
};

[[nodiscard]] bool rebuilds_plainly(std::optional<Callable> function);

/// `value` is of the kind ObjectKind::tensor; `name` is for messages.
/// @throws Error corrupt; unsupported for a tensor that is more than one plain array.
[[nodiscard]] PlainTensorCall unwrap_tensor(const PickleDocument& document, PickleValue value,
                                            const std::string& name);

}  // namespace lancekeep::formats
