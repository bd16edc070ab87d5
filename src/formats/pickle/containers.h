// SPDX-License-Identifier: Apache-2.0
// Containers of a pickle: the calls that make them, and their keys. Such a call is evaluated at
// once, because the opcodes after it fill the container. Only functions known here are evaluated;
// no code of the pickle runs.
#pragma once

#include "formats/pickle/stack.h"
#include "formats/pickle/value.h"

#include <optional>

namespace lancekeep::formats {

/// Returns what OrderedDict(), OrderedDict([[key, value], ...]) as pickled by Python 2,
/// Counter({...}), set([...]) or defaultdict(factory) makes; nullopt for any other function. A
/// defaultdict becomes a dict.
/// @throws Error corrupt if the arguments are wrong.
[[nodiscard]] std::optional<PickleValue> make_container(const PicklePlace& place,
                                                        PickleDocument& document,
                                                        const PickleNode& function,
                                                        const PickleNode& arguments);

[[nodiscard]] bool is_ordered_dict(const PickleDocument& document, const PickleNode& global);

/// Removes repeated keys of dicts and repeated items of sets, as Python does: the first key stays
/// at its position, with the last value. Keys are equal if Python compares them equal: 1, 1.0 and
/// True are one key. Keys may be None, numbers, strings, bytes, tuples of these, and globals.
/// @throws Error unsupported if a key has another type, or is longer than any tensor name.
void drop_repeated_keys(PickleDocument& document);

}  // namespace lancekeep::formats
