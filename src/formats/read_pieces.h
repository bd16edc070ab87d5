// SPDX-License-Identifier: Apache-2.0
// Hands a range of a file to a sink without ever holding more than one piece of it.
#pragma once

#include "io/input_file.h"

#include <lancekeep/tensor.h>

#include <cstdint>

namespace lancekeep::formats {

/// In pieces of 4 MiB, until the sink has seen enough.
void read_pieces(const io::InputFile& file, std::uint64_t offset, std::uint64_t length,
                 const ByteSink& sink);

}  // namespace lancekeep::formats
