// SPDX-License-Identifier: Apache-2.0
// Reads the pickle of a torch file: the input is the data.pkl of a valid archive with three
// storages.
#include <lancekeep/formats.h>

#include "formats/zip/zip_testing.h"
#include "fuzz/input.h"

using namespace lancekeep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const fuzz::MemoryFile file(
      formats::zip_of({{"m/data.pkl", std::string(fuzz::text_of(bytes, size))},
                       {"m/byteorder", "little"},
                       {"m/data/0", std::string(24, 'a')},
                       {"m/data/1", std::string(8, 'b')},
                       {"m/data/2", std::string()},
                       {"m/version", "3\n"}}));
  fuzz::expect_read_or_rejected([&] { fuzz::read_all(*open_model_file(file.path())); });
  return 0;
}
