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
  sigaction(SIGHUP, nullptr, &old_hup_);
  if (old_hup_.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup ignores it
  // A limit on file sizes then is an error like a full disk, and what was written is removed.
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGXFSZ, &ignore, &old_xfsz_);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  sigaction(SIGHUP, &old_hup_, nullptr);
  sigaction(SIGXFSZ, &old_xfsz_, nullptr);
}

void throw_if_interrupted() {
  if (remembered_signal != 0) throw Interrupted(remembered_signal);
}

}  // namespace lancekeep::cli
