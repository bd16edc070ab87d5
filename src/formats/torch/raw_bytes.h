// SPDX-License-Identifier: Apache-2.0
// A bytes object or a bytearray of a pickle, and where its bytes lie in the file. Protocol 2 has no
// bytes: there they are a str of the characters U+0000 to U+00FF, as UTF-8, to be encoded as
// Latin-1. Pure functions; any thread may call them.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/pickle/value.h"
#include "io/input_file.h"

#include <cstdint>
#include <optional>
#include <string>

namespace lancekeep::formats {

struct RawBytes {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;  ///< in the file
  bool latin1 = false;       ///< stand there as UTF-8 of the characters with these numbers
};

/// Of bytes, a bytearray, or a call that makes one; nothing for any other value.
[[nodiscard]] std::optional<RawBytes> raw_bytes(const PickleDocument& document, PickleValue value);

/// Pushes the bytes into `sink`, piece by piece. @throws Error corrupt, for what is no Latin-1.
void push_raw_bytes(const io::InputFile& file, const RawBytes& raw, const ByteSink& sink);

/// How many bytes push_raw_bytes() pushes.
[[nodiscard]] std::uint64_t count_raw_bytes(const io::InputFile& file, const RawBytes& raw);

/// All of them; the caller has taken raw.length from the budget.
[[nodiscard]] std::string read_raw_bytes(const io::InputFile& file, const RawBytes& raw);

}  // namespace lancekeep::formats
