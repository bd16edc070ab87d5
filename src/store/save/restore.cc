// SPDX-License-Identifier: Apache-2.0
// Restoring: the rows of an earlier version, of either layout, published anew as the latest one.
//
// Under the publish lock the restored version must still be there, and so must its files: a
// clean-up that removes it takes the same lock.
#include "lance/table/publish.h"
#include "store/read/store_state.h"
#include "store/save/files_there.h"
#include "store/save/save_base.h"
#include "store/table/properties.h"
#include "store/table/table_digest.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep {
namespace {

constexpr int kMaxAttempts = 100;

struct Restored {
  lance::VersionEntry entry;
  lance::ManifestFile file;
  Layout layout = Layout::native;
  store::TensorTable table;  // native only
};

// Damage is not published anew.
Restored read_restored(const io::Storage& storage, const lance::VersionList& list, const Ref& ref) {
  Restored restored{.entry = store::resolve(storage, list, ref)};
  restored.file = lance::read_manifest(storage, restored.entry);
  restored.layout = store::require_store(storage, restored.file.manifest);
  if (restored.layout == Layout::plain) return restored;  // whose rows say nothing of themselves
  restored.table = store::read_tensor_table(storage, restored.file.manifest);
  store::require_digest(storage, restored.entry, restored.file, restored.table.rows);
  return restored;
}

// What a version of the recipe layout does not say of itself, its restoration does not either.
void describe_table(const Restored& restored, std::uint64_t version, Metadata& properties) {
  if (restored.layout == Layout::native) {
    properties[store::kBytesKey] = std::to_string(store::total_bytes(restored.table));
    properties[store::kDigestKey] =
        store::digest_property(store::table_digest(restored.table.rows), version);
  } else if (restored.file.transaction) {
    const auto stated = store::property(restored.file.transaction->properties, store::kBytesKey);
    if (!stated.empty()) properties[store::kBytesKey] = stated;
  }
}

Metadata properties_of(const Restored& restored, std::uint64_t version) {
  const std::string number = std::to_string(restored.entry.version);
  Metadata properties{{store::kMessageKey, "restore of version " + number},
                      {store::kRestoredFromKey, number},
                      {store::kSyncedKey, std::to_string(version)}};
  describe_table(restored, version, properties);
  return properties;
}

// What belongs to a version is the restored one's, what belongs to the dataset is the newest one's.
lance::Publication publication_of(const Restored& restored, const lance::Manifest& newest,
                                  std::uint64_t newest_name) {
  lance::Publication publication;
  publication.read_version = newest.version;
  publication.newest = newest_name;
  lance::Manifest& manifest = publication.manifest;
  manifest = restored.file.manifest;
  manifest.seconds = newest.seconds;
  manifest.nanos = newest.nanos;
  manifest.writer_flags |= newest.writer_flags;
  manifest.config = newest.config;
  manifest.table_metadata = newest.table_metadata;
  manifest.max_fragment_id = std::max(manifest.max_fragment_id, newest.max_fragment_id);
  manifest.next_row_id = std::max(manifest.next_row_id, newest.next_row_id);
  publication.transaction.operation = lance::Operation::restore;
  publication.transaction.operation_bytes = lance::encode_restore(restored.entry.version);
  publication.transaction.properties = properties_of(restored, newest_name + 1);
  return publication;
}

lance::Publication plan_upon(io::Storage& storage, const lance::VersionList& list, const Ref& ref) {
  const Restored restored = read_restored(storage, list, ref);
  const lance::VersionEntry& newest = *store::newest_whole(storage, list).entry;
  lance::Publication publication =
      publication_of(restored, lance::read_manifest(storage, newest).manifest, list.newest());
  store::sync_what_is_shared(storage, restored.file, publication.manifest.fragments);
  publication.check = [&storage, path = restored.entry.path,
                       fragments = publication.manifest.fragments] {
    return storage.exists(path) && store::files_are_there(storage, fragments);
  };
  return publication;
}

// Anew where a clean-up took what was the newest version until someone published another.
lance::Publication plan_restore(io::Storage& storage, const Ref& ref) {
  while (true) {
    const lance::VersionList list = lance::list_versions(storage);
    try {
      return plan_upon(storage, list, ref);
    } catch (const Error& error) {
      if (!store::is_outdated(storage, list.newest(), error)) throw;
    }
  }
}

}  // namespace

std::uint64_t Store::restore(const Ref& ref) {
  io::Storage& storage = *state_->storage;
  store::require_current(storage);
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const lance::Publication publication = plan_restore(storage, ref);
    if (const auto published = lance::publish(storage, publication)) return published->version;
  }
  throw Error(
      ErrorCode::conflict,
      fmt::format("{} times someone else published a version first; try again", kMaxAttempts),
      storage.full_name("_versions"));
}

}  // namespace lancekeep
