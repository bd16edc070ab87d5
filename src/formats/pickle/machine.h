// SPDX-License-Identifier: Apache-2.0
// Reads a pickle without running it: a stack machine whose REDUCE makes a node that says what would
// be called. Nothing is imported or called, and a global that `rule` refuses ends the reading by
// its name.
//
// Understood is what a pickler writes for protocols 2 to 5: numbers, text, bytes, None, tuples,
// lists, dicts, sets, the memo, globals, calls, and persistent ids. An OrderedDict, a Counter, a
// set and a defaultdict are made at once; the state that BUILD gives an OrderedDict is dropped,
// that of another call kept with the call. Everything else is refused with the opcode's name and
// offset.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/reader.h"
#include "formats/pickle/value.h"
#include "io/memory_budget.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

struct GlobalRefusal {
  ErrorCode code = ErrorCode::unsafe;
  std::string why;  ///< goes behind "the pickle names the global `os.system`, "
};
/// Decides on a global; nothing: it may be named.
using GlobalRule =
    std::function<std::optional<GlobalRefusal>(std::string_view module, std::string_view name)>;

/// Reads the pickle that starts where `in` stands, up to its STOP. What it takes comes from
/// `budget`.
/// @throws Error corrupt, unsupported (also beyond the budget), or what `rule` says.
[[nodiscard]] PickleDocument load_pickle(PickleReader in, const GlobalRule& rule,
                                         io::MemoryBudget& budget);

}  // namespace lancekeep::formats
