// SPDX-License-Identifier: Apache-2.0
// Runs only the pickle machine. Every global is allowed, so that none ends a pickle early.
#include "formats/pickle/machine.h"
#include "fuzz/input.h"

using namespace lancekeep;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto allow_all = [](std::string_view, std::string_view) {
    return std::optional<formats::GlobalRejection>();
  };
  fuzz::expect_read_or_rejected([&] {
    const fuzz::MemoryFile file(fuzz::text_of(bytes, size));
    const io::InputFile input = file.open();
    io::MemoryBudget budget(input);
    (void)formats::load_pickle(formats::PickleReader(input, 0, input.size()), allow_all, budget);
  });
  return 0;
}
