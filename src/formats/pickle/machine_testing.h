// SPDX-License-Identifier: Apache-2.0
// For tests: loads a pickle, of which only the globals of the modules `good` and `collections` are
// known.
#pragma once

#include "formats/pickle/machine.h"
#include "formats/pickle/pickle_testing.h"
#include "io/memory_budget.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace lancekeep::formats {

inline bool knows_good(std::string_view module, std::string_view) {
  return module == "good" || module == "collections";
}

inline constexpr std::uint64_t kEnough = 64 << 20;

inline PickleDocument load(const std::string& pickle, std::uint64_t budget = kEnough) {
  io::MemoryBudget memory(budget, "data.pkl");
  return load_pickle(io::ByteView::of(pickle, "data.pkl"), knows_good, memory);
}

inline auto loading(const std::string& body, std::uint64_t budget = kEnough) {
  return [=] { (void)load(whole_pickle(body), budget); };
}

}  // namespace lancekeep::formats
