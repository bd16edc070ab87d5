// SPDX-License-Identifier: Apache-2.0
// The hooks of the current thread (lancekeep/wait_hooks.h). Any thread may call these functions.
#pragma once

#include <string>

namespace lancekeep::io {

/// Runs WaitHooks::check, which throws to stop the call. Call it right before a change that is not
/// undone, and never between that change and the return of the call.
void check_interrupts();

/// Runs WaitHooks::notice.
void notify_waiting(const std::string& line);

}  // namespace lancekeep::io
