// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/file.h"

#include <algorithm>

namespace lancekeep::formats {

const TorchStorage* TorchFile::find_storage(std::string_view key) const {
  const auto found = std::lower_bound(
      storages.begin(), storages.end(), key,
      [](const TorchStorage& storage, std::string_view wanted) { return storage.key < wanted; });
  return found == storages.end() || found->key != key ? nullptr : &*found;
}

}  // namespace lancekeep::formats
