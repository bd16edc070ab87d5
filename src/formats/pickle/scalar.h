// SPDX-License-Identifier: Apache-2.0
// The opcodes of a pickle that push one number, text, bytes or None which stands behind the opcode.
#pragma once

#include "formats/pickle/opcode.h"
#include "formats/pickle/reader.h"
#include "formats/pickle/value.h"

#include <optional>

namespace lancekeep::formats {

/// Reads what stands behind `opcode` into the document, or nothing where it is no such opcode.
/// @throws Error corrupt where the bytes end before the value does, or its length is negative or
/// absurd; unsupported, beyond the budget.
[[nodiscard]] std::optional<PickleValue> read_scalar(Opcode opcode, PickleReader& in,
                                                     PickleDocument& document);

}  // namespace lancekeep::formats
