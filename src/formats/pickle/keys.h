// SPDX-License-Identifier: Apache-2.0
// Keys of dicts and items of sets, which are equal in Python where their values are: 1, 1.0 and
// True are one key. Read are None, numbers, text, bytes, tuples of these, and globals.
#pragma once

#include "formats/pickle/value.h"

namespace lancekeep::formats {

/// Leaves every dict and set of the document with each key once, as Python does: the key that came
/// first, where it came first, with the value that came last.
/// @throws Error unsupported where a key is of another type, or larger than any name.
void drop_repeated_keys(PickleDocument& document);

}  // namespace lancekeep::formats
