// SPDX-License-Identifier: Apache-2.0
// A save: source → plan → data files → labels and deletions → manifest → commit. In the plain
// layout all tensors are written, and there are no labels or deletions. A restore commits the rows
// of an earlier version, of either layout, again.
//
// Readers see nothing before the commit. A failure before it leaves only unreferenced files, which
// are removed at once or, after a crash, by gc. If someone else commits first, the plan is made
// again on top of that version.
#include "store/save/save.h"

#include "lance/table/commit.h"
#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/save/create.h"
#include "store/save/native_save.h"
#include "store/save/plain_save.h"
#include "store/save/referenced_files.h"
#include "store/save/to_float64.h"
#include "store/table/digest.h"
#include "store/table/layout.h"
#include "store/table/properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace lancekeep {
namespace store {
namespace {

constexpr int kMaxAttempts = 100;

void read_rows(const io::Storage& storage, SaveBase& base) {
  try {
    base.table = read_tensor_table(storage, base.file->manifest);
    base.trust_hashes = check_digest(*base.file, base.table.rows).state == DigestState::right;
  } catch (const Error& e) {
    base.table = {};
    base.notes.push_back(
        fmt::format("nothing is shared with version {}: its rows cannot be read: {}",
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

[[noreturn]] void too_many_attempts(const io::Storage& storage) {
  throw Error(
      ErrorCode::conflict,
      fmt::format("someone else committed a version first {} times; try again", kMaxAttempts),
      storage.full_name(lance::kVersionsFolder));
}

void check_tag_is_free(const io::Storage& storage, const std::string& tag) {
  if (tag.empty()) return;
  const auto tags = lance::list_tags(storage);
  if (std::ranges::find(tags, tag) == tags.end()) return;
  throw Error(ErrorCode::already_exists,
              fmt::format("the tag `{}` exists already; nothing was saved. Choose another name, or "
                          "move the tag afterwards",
                          tag),
              storage.full_name(lance::tag_path(tag)));
}

void check_before_writing(const io::Storage& storage, const TensorSource& source,
                          const SaveOptions& options) {
  check_source(source.tensors());
  if (options.layout == Layout::plain) check_plain_dtypes(source.tensors());
  check_metadata(options.message, options.metadata);
  if (!options.tag.empty()) lance::check_tag_name(options.tag);
  check_tag_is_free(storage, options.tag);
  require_current(storage);
}

void tag_saved_version(io::Storage& storage, const SaveOptions& options,
                       const lance::CommitResult& published) {
  if (options.tag.empty()) return;
  try {
    const auto lock = storage.lock(lance::kVersionsFolder, io::LockMode::exclusive);
    (void)resolve(storage, lance::list_versions(storage), published.version);  // throws if gone
    lance::write_tag(storage, options.tag, published.version, published.manifest_size, false,
                     options.durable);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("version {} is saved, but it could not be tagged `{}`: {}",
                                      published.version, options.tag, e.what()));
  }
}

// The store's layout; for the first version, the requested one.
Layout layout_upon(const io::Storage& storage, const SaveBase& base, const SaveOptions& options) {
  const Layout layout = base.layout.value_or(options.layout.value_or(Layout::native));
  require_layout(storage, layout, options);
  return layout;
}

std::unique_ptr<LayoutSave> begin_save(Layout layout, io::Storage& storage, TensorSource& source,
                                       const SaveOptions& options) {
  if (layout == Layout::plain) return std::make_unique<PlainSave>(storage, source, options);
  return std::make_unique<NativeSave>(storage, source, options);
}

// Unset if someone else committed first, even if a clean-up then removed what this attempt was
// reading.
std::optional<lance::CommitResult> attempt_upon(const io::Storage& storage, LayoutSave& work,
                                                const SaveBase& base) {
  try {
    return work.attempt(base);
  } catch (const Error& error) {
    if (work.is_visible() || !is_outdated(storage, base.newest, error)) throw;
    return std::nullopt;
  }
}

SaveReport save(io::Storage& storage, TensorSource& source, const SaveOptions& options) {
  check_before_writing(storage, source, options);
  std::optional<FirstSaveFolder> first;  // outlives `work`, which removes its files
  std::unique_ptr<LayoutSave> work;
  std::optional<Layout> layout;  // of `work`
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const SaveBase base = read_base(storage);
    if (const Layout wanted = layout_upon(storage, base, options); layout != wanted) {
      layout = wanted;
      work = begin_save(wanted, storage, source, options);
    }
    if (base.newest == 0 && !first) first.emplace(storage);
    const auto published = attempt_upon(storage, *work, base);
    if (!published) continue;
    tag_saved_version(storage, options, *published);
    return work->report(base, *published);
  }
  too_many_attempts(storage);
}

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

Metadata properties_of(const Restored& restored, std::uint64_t version) {
  const std::string number = std::to_string(restored.entry.version);
  Metadata properties{{kMessageKey, "restore of version " + number},
                      {kRestoredFromKey, number},
                      {kSyncedKey, std::to_string(version)}};
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
lance::CommitRequest publication_of(const Restored& restored, const lance::Manifest& newest,
                                    std::uint64_t newest_name) {
  lance::CommitRequest publication;
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

// The restored version and its files must still exist while the lock of _versions is held: a
// clean-up that removes them takes the same lock.
lance::CommitRequest plan_restore_upon(io::Storage& storage, const lance::VersionList& list,
                                       const Ref& ref) {
  const Restored restored = read_restored(storage, list, ref);
  const lance::Newest newest = lance::read_newest(storage, list);
  lance::CommitRequest publication = publication_of(restored, newest.file.manifest, list.newest());
  sync_shared_files(storage, restored.file, publication.manifest.fragments);
  publication.check = [&storage, path = restored.entry.path,
                       fragments = publication.manifest.fragments] {
    return storage.exists(path) && files_exist(storage, fragments);
  };
  return publication;
}

// Plans again if someone committed another version and a clean-up then removed the newest one.
lance::CommitRequest plan_restore(io::Storage& storage, const Ref& ref) {
  while (true) {
    const lance::VersionList list = lance::list_versions(storage);
    try {
      return plan_restore_upon(storage, list, ref);
    } catch (const Error& error) {
      if (!is_outdated(storage, list.newest(), error)) throw;
    }
  }
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
    // The newest version may have been removed because there is a newer one, which is then the
    // base.
    lance::VersionList now = lance::list_versions(storage);
    if (now.newest() == list.newest()) {
      if (error) throw *error;
      return base;
    }
    list = std::move(now);
  }
}

void require_layout(const io::Storage& storage, Layout layout, const SaveOptions& options) {
  if (!options.layout || *options.layout == layout) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("the store has the {} layout, not the {} layout that was asked for; "
                          "nothing was saved. Leave the layout unset, or save into a new store: "
                          "importing this one there copies its versions",
                          to_string(layout), to_string(*options.layout)),
              storage.full_name(lance::kVersionsFolder));
}

bool is_outdated(const io::Storage& storage, std::uint64_t newest, const Error& error) {
  return error.code() == ErrorCode::not_found && lance::list_versions(storage).newest() != newest;
}

}  // namespace store

SaveReport Store::save(TensorSource& source, const SaveOptions& options) {
  return store::save(*state_->storage, source, options);
}

std::uint64_t Store::restore(const Ref& ref) {
  io::Storage& storage = *state_->storage;
  store::require_current(storage);
  for (int attempt = 0; attempt < store::kMaxAttempts; ++attempt) {
    const lance::CommitRequest publication = store::plan_restore(storage, ref);
    if (const auto published = lance::commit(storage, publication)) return published->version;
  }
  store::too_many_attempts(storage);
}

}  // namespace lancekeep
