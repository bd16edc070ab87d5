// SPDX-License-Identifier: Apache-2.0
// Runs only the safetensors reader.
#include "formats/safetensors/safetensors_reader.h"
#include "fuzz/input.h"

using namespace lancekeep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(bytes, size));
  fuzz::expect_read_or_rejected([&] { fuzz::read_all(*formats::open_safetensors(file.open())); });
  return 0;
}
