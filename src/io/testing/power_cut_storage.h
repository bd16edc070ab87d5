// SPDX-License-Identifier: Apache-2.0
// For tests: a Storage that records what a power cut could lose.
#pragma once

#include "io/testing/disk_model.h"
#include "io/testing/forwarding_storage.h"

namespace lancekeep::io {

/// Forwards every call and records it in `disk`, but syncs nothing, so that no test waits for a
/// disk. If a FaultStorage around it stays broken from the n-th changing call on, the disk is left
/// as it was before that call.
class PowerCutStorage : public ForwardingStorage {
 public:
  PowerCutStorage(std::unique_ptr<Storage> inner, std::shared_ptr<DiskModel> disk)
      : ForwardingStorage(std::move(inner)), disk_(std::move(disk)) {}

  void make_folder(const std::string& path) override;
  std::unique_ptr<WritableFile> create(const std::string& path) override;
  bool rename_new(const std::string& from, const std::string& to) override;
  void rename_over(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  bool remove_unused(const std::string& path) override;
  void sync_file(const std::string& path) override;
  void sync_folder(const std::string& path) override;

 private:
  std::shared_ptr<DiskModel> disk_;
};

}  // namespace lancekeep::io
