// SPDX-License-Identifier: Apache-2.0
// The store that an import saves into, opened or made when the first version is about to be saved.
// May be used from one thread.
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
  /// Removes a store that it made where no version came into it.
  ~TargetStore();

  /// The store if there is one, without making it. @throws Error invalid_argument where something
  /// else is there.
  [[nodiscard]] std::optional<Store> existing() const;
  /// Opens it, or makes it where nothing is.
  [[nodiscard]] Store& open();

 private:
  std::string path_;
  std::optional<Store> store_;
  bool is_new_folder_ = false;
  bool is_new_store_ = false;
};

}  // namespace lancekeep::cli
