// SPDX-License-Identifier: Apache-2.0
// Reads a pickle without running it: a stack machine whose REDUCE makes a node that says what would
// be called. Nothing is imported or called, and a global that `rule` refuses ends the reading by
// its name.
//
// Understood is what a pickler writes for protocols 2 to 5: numbers, text, bytes, None, tuples,
// lists, dicts, the memo, globals, calls, and persistent ids. An OrderedDict becomes a dict at
// once; the state that BUILD gives it is dropped. Everything else is refused with the opcode's name
// and offset.
#pragma once

#include "formats/pickle/value.h"
#include "io/byte_view.h"

#include <lancekeep/error.h>

#include <cstdint>
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

struct PickleLimits {
  /// Values pushed, memoized and copied in all: bounds the memory that a pickle of few bytes can
  /// ask for.
  std::uint64_t values = 8'000'000;
};

/// Reads the pickle at the front of `bytes`, up to its STOP.
/// @throws Error corrupt, unsupported, or what `rule` says.
[[nodiscard]] PickleDocument load_pickle(const io::ByteView& bytes, const GlobalRule& rule,
                                         const PickleLimits& limits = {});

}  // namespace lancekeep::formats
