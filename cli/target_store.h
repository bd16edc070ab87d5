// SPDX-License-Identifier: Apache-2.0
// The store that an import saves into, opened or created when the first version is about to be
// saved. One thread.
#pragma once

#include <lancekeep/store.h>

#include <optional>
#include <string>

namespace lancekeep::cli {

class TargetStore {
 public:
  explicit TargetStore(std::string path) : path_(std::move(path)) {}
  TargetStore(const TargetStore&) = delete;
  TargetStore& operator=(const TargetStore&) = delete;
  /// Removes a store that it created if no version was saved.
  ~TargetStore();

  /// The store if there is one; does not create it. @throws Error invalid_argument for anything else.
  [[nodiscard]] std::optional<Store> existing() const;
  /// Opens it, or creates it in an empty or missing folder.
  [[nodiscard]] Store& open();

 private:
  std::string path_;
  std::optional<Store> store_;
  bool is_new_folder_ = false;
  bool is_new_store_ = false;
};

}  // namespace lancekeep::cli
