// SPDX-License-Identifier: Apache-2.0
// Who holds a lock, as far as the system says (/proc/locks). Free functions; any thread may call
// them.
#pragma once

#include <string>

namespace lancekeep::io {

/// The processes that hold a flock on the file or folder of this descriptor: "process 4711 (python
/// train.py)", several separated by commas; "another process" if the system does not say. Never
/// throws an Error.
[[nodiscard]] std::string describe_lock_holders(int descriptor);

}  // namespace lancekeep::io
