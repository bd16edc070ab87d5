// SPDX-License-Identifier: Apache-2.0
// What the command's exit status says. A script may rely on these numbers.
#pragma once

namespace lancekeep::cli {

enum class ExitCode : int {
  ok = 0,
  finding = 1,  ///< the verb ran, and found damage or a difference
  failure = 2,  ///< misuse, or the verb could not do its work
};

/// A run that a signal ended exits as the shell would show it: 128 and the signal's number.
inline constexpr int kSignalExitBase = 128;

}  // namespace lancekeep::cli
