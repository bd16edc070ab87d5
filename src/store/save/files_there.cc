// SPDX-License-Identifier: Apache-2.0
#include "store/save/files_there.h"

#include "lance/table/dataset.h"

#include <algorithm>

namespace lancekeep::store {

bool files_are_there(const io::Storage& storage, const std::vector<lance::Fragment>& fragments) {
  return std::ranges::all_of(fragments, [&](const lance::Fragment& fragment) {
    if (fragment.deletion &&
        !storage.exists(lance::deletion_path(fragment.id, *fragment.deletion))) {
      return false;
    }
    return std::ranges::all_of(fragment.files, [&](const lance::DataFile& file) {
      return storage.exists(lance::data_path(file));
    });
  });
}

}  // namespace lancekeep::store
