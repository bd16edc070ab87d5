// SPDX-License-Identifier: Apache-2.0
// Reads a pickle without running it. The reader is a stack machine whose REDUCE makes a node that
// records the call. Nothing is imported or called. If `rule` rejects a global, reading stops with
// an error that names the global.
//
// The machine supports the opcodes that picklers write for protocols 2 to 5: numbers, strings,
// bytes, None, tuples, lists, dicts, sets, the memo, globals, calls, and persistent ids. Calls of
// OrderedDict, Counter, set and defaultdict are evaluated immediately (containers.h). BUILD drops
// the state of an OrderedDict; the node of any other call keeps its state. All other opcodes are
// rejected with an error that gives their name and offset.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/pickle_reader.h"
#include "formats/pickle/value.h"
#include "io/memory_budget.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::formats {

struct GlobalRejection {
  ErrorCode code = ErrorCode::unsafe;
  std::string why;  ///< follows "the pickle names the global `os.system`, "
};
/// Decides whether a pickle may name a global; nullopt allows it.
using GlobalRule =
    std::function<std::optional<GlobalRejection>(std::string_view module, std::string_view name)>;

/// Reads the pickle at the position of `in`, up to its STOP. Memory is taken from `budget`.
/// @throws Error corrupt, unsupported (also if the budget does not suffice), or the rule's error.
[[nodiscard]] PickleDocument load_pickle(PickleReader in, const GlobalRule& rule,
                                         io::MemoryBudget& budget);

}  // namespace lancekeep::formats
