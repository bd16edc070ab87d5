// SPDX-License-Identifier: Apache-2.0
// Files that nobody refers to yet. What is not kept goes when this is destroyed.
#pragma once

#include "io/storage.h"

#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::lance {

/// Uses the storage while it lives. One thread.
class Unpublished {
 public:
  explicit Unpublished(io::Storage& storage) : storage_(storage) {}
  /// Removes as much as it can; what stays is an orphan for the next clean-up.
  ~Unpublished();
  Unpublished(const Unpublished&) = delete;
  Unpublished& operator=(const Unpublished&) = delete;

  /// Makes, fills and (if `durable`) syncs a new file.
  void write(const std::string& path, std::string_view content, bool durable);
  /// All of them have their place now.
  void keep() { paths_.clear(); }

 private:
  io::Storage& storage_;
  std::vector<std::string> paths_;
};

}  // namespace lancekeep::lance
