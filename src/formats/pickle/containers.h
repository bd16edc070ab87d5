// SPDX-License-Identifier: Apache-2.0
// Containers of a pickle: the calls that make them, and their keys. Such a call is evaluated when
// the pickle makes it, because the opcodes after it fill the container. Only the functions that
// this file knows are evaluated; no code of the pickle runs.
#pragma once

#include "formats/pickle/stack.h"
#include "formats/pickle/value.h"

#include <optional>

namespace lancekeep::formats {

/// Returns the container that a call makes, if the call is OrderedDict(), OrderedDict([[key,
/// value], ...]) as Python 2 pickled it, Counter({...}), set([...]), frozenset([...]), deque([],
/// maxlen) or defaultdict(factory). nullopt for any other function.
/// @throws Error corrupt if the arguments are wrong.
[[nodiscard]] std::optional<PickleValue> make_container(const PicklePlace& place,
                                                        PickleDocument& document,
                                                        const PickleNode& function,
                                                        const PickleNode& arguments);

/// Removes repeated keys of dicts and repeated items of sets, as Python does: the first key keeps
/// its position and gets the last value. Keys are equal if Python considers them equal: 1, 1.0 and
/// True are one key. Keys can be None, numbers, strings, bytes, globals, and tuples of these; calls,
/// objects, frozensets and persistent ids, which equal only themselves.
/// @throws Error unsupported if a key has another type, or is longer than any tensor name.
void drop_repeated_keys(PickleDocument& document);

}  // namespace lancekeep::formats
