// SPDX-License-Identifier: Apache-2.0
// The calls by which pickles make containers: they are done at once, for what they make is filled
// by the opcodes that follow. All that is called is known here; nothing of the pickle's runs.
#pragma once

#include "formats/pickle/stack.h"
#include "formats/pickle/value.h"

#include <optional>

namespace lancekeep::formats {

/// What OrderedDict(), OrderedDict([[key, value], ...]) as Python 2 pickled it, Counter({...}),
/// set([...]) or defaultdict(factory) makes, or nothing for any other function. A defaultdict
/// becomes a dict.
/// @throws Error corrupt, where the arguments are others.
[[nodiscard]] std::optional<PickleValue> make_container(const PicklePlace& place,
                                                        PickleDocument& document,
                                                        const PickleNode& function,
                                                        const PickleNode& arguments);

[[nodiscard]] bool is_ordered_dict(const PickleDocument& document, const PickleNode& global);

}  // namespace lancekeep::formats
