// SPDX-License-Identifier: Apache-2.0
// Reads a pickle without running it. The reader is a stack machine whose REDUCE makes a node that
// records the call. Nothing is imported or called. A global that `knows` does not know becomes a
// foreign node, and whatever is made with it becomes an object node, which records what the pickle
// says about it; the caller decides what to do with a document that has such nodes.
//
// The machine supports the opcodes that picklers write for protocols 2 to 5: numbers, strings,
// bytes, None, tuples, lists, dicts, sets, the memo, globals, calls, objects, and persistent ids.
// Calls of OrderedDict, Counter, set, frozenset, deque and defaultdict are evaluated immediately
// (containers.h). The state that BUILD sets is kept with an OrderedDict, a call or an object. All
// other opcodes are rejected with an error that gives their name and offset.
#pragma once

#include "formats/pickle/pickle_reader.h"
#include "formats/pickle/value.h"
#include "io/memory_budget.h"

#include <functional>
#include <string_view>

namespace lancekeep::formats {

/// Whether the caller's code knows what a global means.
using KnowsGlobal = std::function<bool(std::string_view module, std::string_view name)>;

/// Reads the pickle at the position of `in`, up to its STOP. Memory is taken from `budget`.
/// @throws Error corrupt, or unsupported (also if the budget does not suffice).
[[nodiscard]] PickleDocument load_pickle(PickleReader in, const KnowsGlobal& knows,
                                         io::MemoryBudget& budget);

}  // namespace lancekeep::formats
