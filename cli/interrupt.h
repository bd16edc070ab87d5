// SPDX-License-Identifier: Apache-2.0
// Ctrl-C (and SIGTERM) as an exception at a safe place, so that a save stops with the store as it
// was.
#pragma once

#include <csignal>
#include <stdexcept>
#include <string>

namespace lancekeep::cli {

class Interrupted : public std::runtime_error {
 public:
  /// `outcome` is what the user finds now.
  explicit Interrupted(int signal, const std::string& outcome = "nothing was changed")
      : std::runtime_error("interrupted; " + outcome), signal_(signal) {}
  [[nodiscard]] int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

/// While one lives, the first SIGINT, SIGTERM or SIGHUP is remembered; a second one ends the
/// process at once. At most one at a time, on the main thread.
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
