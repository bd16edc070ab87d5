// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

namespace lancekeep::cli {
namespace {

volatile std::sig_atomic_t remembered_signal = 0;

extern "C" void remember_signal(int signal) { remembered_signal = signal; }

}  // namespace

InterruptScope::InterruptScope() {
  remembered_signal = 0;
  struct sigaction action = {};
  action.sa_handler = remember_signal;
  sigemptyset(&action.sa_mask);
  // RESTART: a write or fsync under way is finished, not torn.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, nullptr, &old_int_);
  // A job started with & in a script ignores Ctrl-C, and goes on doing so.
  if (old_int_.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, &old_term_);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
}

void throw_if_interrupted() {
  if (remembered_signal != 0) throw Interrupted(remembered_signal);
}

}  // namespace lancekeep::cli
