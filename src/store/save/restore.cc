// SPDX-License-Identifier: Apache-2.0
// A restore commits the rows of an earlier version again, in either layout; it copies no data file.
#include <lancekeep/store.h>

#include "lance/proto/transaction.h"
#include "lance/table/commit.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/save/next_version.h"
#include "store/save/referenced_files.h"
#include "store/save/save.h"
#include "store/table/digest.h"
#include "store/table/layout.h"
#include "store/table/properties.h"
#include "store/table/tensor_table.h"
#include "tensor/state_dicts_key.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lancekeep {
namespace store {
namespace {

struct Restored {
  lance::VersionEntry entry;
  lance::ManifestFile file;
  Layout layout = Layout::native;
  TensorTable table;  // native only
};

// Throws for a damaged version: damage must not be committed again.
Restored read_restored(const io::Storage& storage, const lance::VersionList& list, const Ref& ref) {
  ResolvedVersion version = read_resolved(storage, list, ref);
  Restored restored{.entry = std::move(version.entry), .file = std::move(version.file)};
  restored.layout = require_store(storage, restored.file.manifest);
  if (restored.layout == Layout::plain) return restored;  // the plain layout has no digest
  restored.table = read_tensor_table(storage, restored.file.manifest);
  require_digest(storage, restored.entry, restored.file, restored.table.rows);
  return restored;
}

// The message and the metadata are those of the restored version: they describe the model.
Metadata properties_of(const Restored& restored, std::uint64_t version) {
  const std::string number = std::to_string(restored.entry.version);
  Metadata properties;
  std::string message;
  if (restored.file.transaction) {
    const Metadata& old = restored.file.transaction->properties;
    properties = user_metadata(old);
    message = property(old, kMessageKey);
    if (std::string text = property(old, kStateDictsKey); !text.empty()) {
      properties[kStateDictsKey] = std::move(text);
    }
  }
  properties[kMessageKey] = message.empty() ? "restore of version " + number : message;
  properties[kRestoredFromKey] = number;
  properties[kSyncedKey] = std::to_string(version);
  if (restored.layout == Layout::native) {
    properties[kBytesKey] = std::to_string(total_bytes(restored.table));
    properties[kDigestKey] = digest_property(table_digest(restored.table.rows), version);
  } else if (restored.file.transaction) {  // copy the number if the version records it
    const auto stated = property(restored.file.transaction->properties, kBytesKey);
    if (!stated.empty()) properties[kBytesKey] = stated;
  }
  return properties;
}

// Takes what belongs to the version from the restored one, and what belongs to the dataset from the
// newest.
lance::CommitRequest request_for(const Restored& restored, const lance::Manifest& newest,
                                 std::uint64_t newest_name) {
  lance::CommitRequest request;
  request.read_version = newest.version;
  request.newest = newest_name;
  lance::Manifest& manifest = request.manifest;
  manifest = restored.file.manifest;
  drop_unused_files(manifest.fragments, manifest.fields);
  manifest.seconds = newest.seconds;
  manifest.nanos = newest.nanos;
  manifest.writer_flags |= newest.writer_flags;
  manifest.config = newest.config;
  manifest.table_metadata = newest.table_metadata;
  manifest.max_fragment_id = std::max(manifest.max_fragment_id, newest.max_fragment_id);
  manifest.next_row_id = std::max(manifest.next_row_id, newest.next_row_id);
  request.transaction.operation = lance::Operation::restore;
  request.transaction.operation_bytes = lance::encode_restore(restored.entry.version);
  request.transaction.properties = properties_of(restored, newest_name + 1);
  return request;
}

struct RestorePlan {
  lance::CommitRequest request;
  std::vector<std::string> notes;
};

// The restored version and its files must still exist while the lock of _versions is held: a
// clean-up that removes them takes the same lock.
RestorePlan plan_restore_upon(io::Storage& storage, const lance::VersionList& list,
                              const Ref& ref) {
  const Restored restored = read_restored(storage, list, ref);
  const lance::Newest newest = lance::read_newest(storage, list);
  lance::CommitRequest request = request_for(restored, newest.file.manifest, list.newest());
  sync_shared_files(storage, restored.file, request.manifest.fragments);
  request.check = [&storage, path = restored.entry.path, fragments = request.manifest.fragments] {
    return storage.exists(path) && files_exist(storage, fragments);
  };
  std::vector<std::string> notes = notes_on_dropped(newest.file, request.manifest);
  return {std::move(request), std::move(notes)};
}

// Plans again if someone committed another version and a clean-up then removed the newest one.
RestorePlan plan_restore(io::Storage& storage, const Ref& ref) {
  while (true) {
    const lance::VersionList list = lance::list_versions(storage);
    try {
      return plan_restore_upon(storage, list, ref);
    } catch (const Error& error) {
      if (!is_outdated(storage, list.newest(), error)) throw;
    }
  }
}

std::uint64_t restore(io::Storage& storage, const Ref& ref, std::vector<std::string>* notes) {
  for (int attempt = 0; attempt < kMaxCommitAttempts; ++attempt) {
    RestorePlan plan = plan_restore(storage, ref);
    const auto committed = lance::commit(storage, plan.request);
    if (!committed) continue;
    if (notes != nullptr) notes->insert(notes->end(), plan.notes.begin(), plan.notes.end());
    return committed->version;
  }
  too_many_attempts(storage);
}

}  // namespace
}  // namespace store

std::uint64_t Store::restore(const Ref& ref, std::vector<std::string>* notes) {
  return state_->change([&](const std::shared_ptr<io::Storage>& storage) {
    return store::restore(*storage, ref, notes);
  });
}

}  // namespace lancekeep
