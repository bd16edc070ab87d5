// SPDX-License-Identifier: Apache-2.0
// For tests: loads a pickle under a rule that allows the globals of the module `good`.
#pragma once

#include "formats/pickle/machine.h"
#include "formats/pickle/pickle_testing.h"
#include "io/memory_budget.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

inline std::optional<GlobalRejection> allow_good(std::string_view module, std::string_view) {
  if (module == "good" || module == "collections") return std::nullopt;
  return GlobalRejection{ErrorCode::unsafe, "which is not allowed; nothing was run"};
}

inline constexpr std::uint64_t kEnough = 64 << 20;

inline PickleDocument load(const std::string& pickle, std::uint64_t budget = kEnough) {
  io::MemoryBudget memory(budget, "data.pkl");
  return load_pickle(io::ByteView::of(pickle, "data.pkl"), allow_good, memory);
}

inline auto loading(const std::string& body, std::uint64_t budget = kEnough) {
  return [=] { (void)load(whole_pickle(body), budget); };
}

}  // namespace lancekeep::formats
