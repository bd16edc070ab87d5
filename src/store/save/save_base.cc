// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_base.h"

#include "store/read/store_state.h"
#include "store/table/native_layout.h"
#include "store/table/table_digest.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

void read_rows(const io::Storage& storage, SaveBase& base) {
  try {
    base.table = read_tensor_table(storage, base.file->manifest);
    base.trust_hashes = check_digest(*base.file, base.table.rows).state == DigestState::right;
  } catch (const Error& e) {
    base.table = {};
    base.notes.push_back(
        fmt::format("nothing is shared with version {}, whose rows cannot be read: {}",
                    base.version(), e.what()));
  }
}

SaveBase read_listed(const io::Storage& storage, const lance::VersionList& list) {
  SaveBase base;
  if (list.entries.empty()) return base;
  base.newest = list.newest();
  lance::Newest newest = lance::read_newest(storage, list);
  if (!newest.warning.empty()) base.notes.push_back(newest.warning);
  if (!newest.entry) return base;
  base.file = std::move(newest.file);
  base.layout = require_store(storage, base.file->manifest);
  if (base.layout == Layout::native) read_rows(storage, base);
  return base;
}

}  // namespace

Layout require_store(const io::Storage& storage, const lance::Manifest& manifest) {
  if (layout_of(manifest.fields) == Layout::plain) return Layout::plain;
  require_native(storage, manifest);
  return Layout::native;
}

SaveBase read_base(const io::Storage& storage) {
  lance::VersionList list = lance::list_versions(storage);
  while (true) {
    std::optional<Error> error;
    SaveBase base;
    try {
      base = read_listed(storage, list);
    } catch (const Error& e) {
      error = e;
    }
    if (!error && base.notes.empty()) return base;
    // What was the newest version may be gone once there is a newer one: then that is the base.
    lance::VersionList now = lance::list_versions(storage);
    if (now.newest() == list.newest()) {
      if (error) throw *error;
      return base;
    }
    list = std::move(now);
  }
}

bool is_outdated(const io::Storage& storage, std::uint64_t newest, const Error& error) {
  return error.code() == ErrorCode::not_found && lance::list_versions(storage).newest() != newest;
}

}  // namespace lancekeep::store
