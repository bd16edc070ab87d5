// SPDX-License-Identifier: Apache-2.0
// A save: source → plan → data files → labels and deletions → manifest → commit. In the plain
// layout all tensors are written, and there are no labels or deletions.
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
#include "store/save/next_version.h"
#include "store/save/plain_save.h"
#include "store/save/referenced_files.h"
#include "store/save/to_float64.h"
#include "store/table/digest.h"
#include "store/table/model_columns.h"
#include "store/table/properties.h"

#include <fmt/format.h>

#include <memory>

namespace lancekeep {
namespace store {
namespace {

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

void check_before_writing(const io::Storage& storage, const TensorSource& source,
                          const SaveOptions& options) {
  check_source(source.tensors());
  if (options.layout == Layout::plain) check_plain_dtypes(source.tensors());
  check_metadata(options.message, options.metadata);
  if (!options.tag.empty()) lance::check_tag_name(options.tag);
  lance::check_tag_is_free(storage, tag_request(options));
  require_current(storage);
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

// Looks at the version that was committed, which a clean-up may have removed already: then there is
// nothing to say.
void note_dropped(const io::Storage& storage, const SaveBase& base, SaveReport& report) {
  if (!base.file || !has_what_a_save_drops(*base.file)) return;
  try {
    const ResolvedVersion saved =
        read_resolved(storage, lance::list_versions(storage), report.version);
    const auto notes = notes_on_dropped(*base.file, saved.file.manifest);
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  } catch (const Error&) {
  }
}

SaveReport save(io::Storage& storage, TensorSource& source, const SaveOptions& options) {
  check_before_writing(storage, source, options);
  std::optional<FirstSaveFolder> first;  // outlives `work`, which removes its files
  std::unique_ptr<LayoutSave> work;
  std::optional<Layout> layout;  // of `work`
  for (int attempt = 0; attempt < kMaxCommitAttempts; ++attempt) {
    const SaveBase base = read_base(storage);
    if (const Layout wanted = layout_upon(storage, base, options); layout != wanted) {
      layout = wanted;
      work = begin_save(wanted, storage, source, options);
    }
    if (base.newest == 0 && !first) first.emplace(storage);
    const auto published = attempt_upon(storage, *work, base);
    if (!published) continue;
    SaveReport report = work->report(base, *published);
    note_dropped(storage, base, report);
    return report;
  }
  too_many_attempts(storage);
}

}  // namespace

void too_many_attempts(const io::Storage& storage) {
  throw Error(
      ErrorCode::conflict,
      fmt::format("someone else committed a version first {} times; try again", kMaxCommitAttempts),
      storage.full_name(lance::kVersionsFolder));
}

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
  return state_->change([&](const std::shared_ptr<io::Storage>& storage) {
    return store::save(*storage, source, options);
  });
}

}  // namespace lancekeep
