// SPDX-License-Identifier: Apache-2.0
// For tests: a Storage that fails on purpose.
#pragma once

#include "io/testing/forwarding_storage.h"

namespace lancekeep::io {

/// Forwards every call to `inner` until the `fail_at`-th changing call (make_folder, create,
/// write, sync, flush, rename, remove, remove_unused, sync_file, sync_folder, lock; counted from
/// 1), which throws `code` without doing anything. If `stays_broken`, all later changing calls do
/// the same, as after a crash or on a full disk. If `fail_at` is 0, no call fails; they are only
/// counted.
class FaultStorage : public ForwardingStorage {
 public:
  struct Plan {
    std::uint64_t fail_at = 0;
    ErrorCode code = ErrorCode::out_of_space;
    bool stays_broken = false;
  };
  FaultStorage(std::unique_ptr<Storage> inner, Plan plan);
  /// Changing calls seen so far.
  [[nodiscard]] std::uint64_t calls() const;
  /// The first call that failed: its name and its file; empty if none failed.
  [[nodiscard]] std::string failed_call() const;

  void make_folder(const std::string& path) override;
  std::unique_ptr<WritableFile> create(const std::string& path) override;
  bool rename_new(const std::string& from, const std::string& to) override;
  void rename_over(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  bool remove_unused(const std::string& path) override;
  void sync_file(const std::string& path) override;
  void sync_folder(const std::string& path) override;
  std::unique_ptr<FolderLock> lock(const std::string& folder, LockMode mode) override;

 private:
  class Counter;
  std::shared_ptr<Counter> counter_;
};

}  // namespace lancekeep::io
