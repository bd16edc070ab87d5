// SPDX-License-Identifier: Apache-2.0
// Reads a whole file of any kind as `lancekeep import` does.
#include <lancekeep/formats.h>

#include "fuzz/input.h"

using namespace lancekeep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(bytes, size));
  fuzz::expect_read_or_rejected([&] { fuzz::read_all(*open_model_file(file.path())); });
  return 0;
}
