// SPDX-License-Identifier: Apache-2.0
// Runs only the pickle machine, twice: every global is known, or none is and all are foreign.
#include "formats/pickle/machine.h"
#include "fuzz/input.h"

using namespace lancekeep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  for (const bool is_known : {true, false}) {
    const auto knows = [&](std::string_view, std::string_view) { return is_known; };
    fuzz::expect_read_or_rejected([&] {
      const fuzz::MemoryFile file(fuzz::text_of(bytes, size));
      const io::InputFile input = file.open();
      io::MemoryBudget budget(input);
      (void)formats::load_pickle(formats::PickleReader(input, 0, input.size()), knows, budget);
    });
  }
  return 0;
}
