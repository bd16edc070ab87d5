// SPDX-License-Identifier: Apache-2.0
// How a run ends: the exit status; an error as one line or one JSON document on stderr; and Ctrl-C
// (or SIGTERM) as an exception at a safe place, so that an interrupted save leaves the store
// unchanged.
#pragma once

#include <lancekeep/error.h>

#include <csignal>
#include <stdexcept>
#include <string>

namespace lancekeep::cli {

/// Scripts depend on these numbers: never change them.
enum class ExitCode : int {
  ok = 0,
  finding = 1,   ///< the verb ran, and found damage or a difference
  failure = 2,   ///< misuse, or the verb could not do its work, or a part of it
  not_read = 3,  ///< the verb ran, and found a version that is not a model or that it cannot read
};

/// The exit status of a run that a signal ended is 128 plus the signal's number, as in a shell.
inline constexpr int kSignalExitBase = 128;

/// Prints the exception being handled and returns the process's exit status. Call it from a catch
/// block.
[[nodiscard]] int report_current_exception(bool json) noexcept;

/// Returns the error with "; outcome" added to its message. `outcome` says what was done before the
/// error, or what the user can do.
[[nodiscard]] Error with_outcome(const Error& error, const std::string& outcome);

class Interrupted : public std::runtime_error {
 public:
  /// `outcome` says what was done before the signal.
  explicit Interrupted(int signal, const std::string& outcome = "nothing was changed")
      : std::runtime_error("interrupted; " + outcome), signal_(signal) {}
  [[nodiscard]] int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

/// While an InterruptScope exists, the first SIGINT, SIGTERM or SIGHUP is remembered; a second one
/// ends the process at once. At most one scope exists at a time, on the main thread.
class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  struct sigaction old_int_ = {};
  struct sigaction old_term_ = {};
  struct sigaction old_hup_ = {};
  struct sigaction old_xfsz_ = {};
};

/// @throws Interrupted after a remembered signal.
void throw_if_interrupted();

}  // namespace lancekeep::cli
