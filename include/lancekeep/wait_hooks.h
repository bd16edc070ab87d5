// SPDX-License-Identifier: Apache-2.0
// What a program does while a call of the library waits for another process.
//
// Saves, tags, restores, clean-ups and replacements take locks, which another process may hold for
// long. While a WaitScope exists, the calls made on its thread use its hooks.
#pragma once

#include <lancekeep/visibility.h>

#include <functional>
#include <string>

namespace lancekeep {

struct WaitHooks {
  /// Called some hundred times a second while a call waits, and once right before a call changes
  /// the store for good (the rename that commits a version or moves a tag, the first removal of a
  /// clean-up). An exception from it stops the call, which then leaves the store as it was. Once the
  /// change is made, it is not called again, so the call returns what it has done.
  std::function<void()> check;
  /// Called once for each lock that is not free after a second, with a line that says which lock it
  /// is and who holds it: "waiting for the lock of /models/m.lance/_versions, which is held by
  /// process 4711 (python train.py)". An exception from it stops the call, too.
  std::function<void(const std::string& line)> notice;
};

/// Sets the hooks of the current thread; the destructor sets those that were there before. Create
/// and destroy it on the same thread.
class LANCEKEEP_API WaitScope {
 public:
  explicit WaitScope(WaitHooks hooks);
  ~WaitScope();
  WaitScope(const WaitScope&) = delete;
  WaitScope& operator=(const WaitScope&) = delete;

 private:
  WaitHooks hooks_;
  const WaitHooks* outer_;
};

}  // namespace lancekeep
