// SPDX-License-Identifier: Apache-2.0
// The opcodes of a pickle that push one number, text, bytes or None which stands behind the opcode.
#pragma once

#include "formats/pickle/opcode.h"
#include "formats/pickle/value.h"
#include "io/byte_view.h"

#include <optional>

namespace lancekeep::formats {

/// Reads what stands behind `opcode`, or nothing where it is no such opcode. Text and bytes of the
/// value point into the reader's view.
/// @throws Error corrupt where the bytes end before the value does, or its length is negative or
/// absurd.
[[nodiscard]] std::optional<PickleValue> read_scalar(Opcode opcode, io::ByteReader& in);

}  // namespace lancekeep::formats
