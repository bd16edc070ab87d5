// SPDX-License-Identifier: Apache-2.0
// The key under which a source's metadata carries what torch keeps beside the tensors of a state
// dict: the versions of its modules (`_metadata`). docs/format/tensors.md defines the text.
//
// A save records it in the version's properties, where users do not see it; a Version's source has
// it again. Exports leave it out, because other formats have no place for it.
#pragma once

namespace lancekeep {

inline constexpr char kStateDictsKey[] = "lancekeep.state_dicts";

}  // namespace lancekeep
