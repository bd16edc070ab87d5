// SPDX-License-Identifier: Apache-2.0
#include "io/waiting.h"

#include <lancekeep/wait_hooks.h>

#include <utility>

namespace lancekeep {
namespace {

thread_local const WaitHooks* current_hooks = nullptr;

}  // namespace

WaitScope::WaitScope(WaitHooks hooks) : hooks_(std::move(hooks)), outer_(current_hooks) {
  current_hooks = &hooks_;
}

WaitScope::~WaitScope() { current_hooks = outer_; }

namespace io {

void check_interrupts() {
  if (current_hooks != nullptr && current_hooks->check) current_hooks->check();
}

void notify_waiting(const std::string& line) {
  if (current_hooks != nullptr && current_hooks->notice) current_hooks->notice(line);
}

}  // namespace io
}  // namespace lancekeep
