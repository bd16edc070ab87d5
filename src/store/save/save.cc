// SPDX-License-Identifier: Apache-2.0
// A save: source → plan → data files → labels and deletions → manifest → publish. In the recipe
// layout everything is written, and there are neither labels nor deletions.
//
// Nothing that a reader could see changes before publish(); whatever fails until then leaves no
// trace but orphans, which are removed here at once or, after a crash, by gc. Where someone else
// publishes first, the plan is made anew upon his version.
#include "store/save/save.h"

#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/read/store_state.h"
#include "store/save/check_source.h"
#include "store/save/plain_save.h"
#include "store/save/plain_values.h"
#include "store/save/save_work.h"
#include "store/table/properties.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace lancekeep::store {
namespace {

constexpr int kMaxAttempts = 100;

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
  Store::check(source, options);
  check_tag_is_free(storage, options.tag);
  require_current(storage);
}

void tag_saved_version(io::Storage& storage, const SaveOptions& options,
                       const lance::CommitResult& published) {
  if (options.tag.empty()) return;
  try {
    const auto lock = storage.lock(lance::kVersionsFolder, io::LockMode::exclusive);
    (void)resolve(storage, lance::list_versions(storage), published.version);  // still there
    lance::write_tag(storage, options.tag, published.version, published.manifest_size, false,
                     options.durable);
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("version {} is saved, but it could not be tagged `{}`: {}",
                                      published.version, options.tag, e.what()));
  }
}

const char* name_of(Layout layout) { return layout == Layout::plain ? "plain" : "native"; }

// That of the store, which keeps the one that it has.
Layout layout_upon(const io::Storage& storage, const SaveBase& base, const SaveOptions& options) {
  const Layout layout = base.layout.value_or(options.layout.value_or(Layout::native));
  require_layout(storage, layout, options);
  return layout;
}

std::unique_ptr<LayoutSave> begin_save(Layout layout, io::Storage& storage, TensorSource& source,
                                       const SaveOptions& options) {
  if (layout == Layout::plain) return std::make_unique<PlainSave>(storage, source, options);
  return std::make_unique<SaveWork>(storage, source, options);
}

// Nothing where someone else published first, also where a clean-up then took what this attempt was
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

}  // namespace

void require_layout(const io::Storage& storage, Layout layout, const SaveOptions& options) {
  if (!options.layout || *options.layout == layout) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("the store has the {} layout, but the {} one was asked for; nothing was "
                          "saved. Leave the layout to the store, or save into a new store: "
                          "importing this one there brings its versions along",
                          name_of(layout), name_of(*options.layout)),
              storage.full_name(lance::kVersionsFolder));
}

SaveReport save(io::Storage& storage, TensorSource& source, const SaveOptions& options) {
  check_before_writing(storage, source, options);
  std::unique_ptr<LayoutSave> work;
  std::optional<Layout> layout;  // of `work`
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    const SaveBase base = read_base(storage);
    if (const Layout wanted = layout_upon(storage, base, options); layout != wanted) {
      layout = wanted;
      work = begin_save(wanted, storage, source, options);
    }
    const auto published = attempt_upon(storage, *work, base);
    if (!published) continue;
    tag_saved_version(storage, options, *published);
    return work->report(base, *published);
  }
  throw Error(
      ErrorCode::conflict,
      fmt::format("{} times someone else published a version first; try again", kMaxAttempts),
      storage.full_name(lance::kVersionsFolder));
}

std::optional<SaveReport> save_first(io::Storage& storage, TensorSource& source,
                                     const SaveOptions& options) {
  check_before_writing(storage, source, options);
  const SaveBase nothing;
  const auto work = begin_save(layout_upon(storage, nothing, options), storage, source, options);
  const auto published = work->attempt(nothing);
  if (!published) return std::nullopt;
  tag_saved_version(storage, options, *published);
  return work->report(nothing, *published);
}

}  // namespace lancekeep::store

namespace lancekeep {

void Store::check(const TensorSource& source, const SaveOptions& options) {
  store::check_source(source.tensors());
  if (options.layout == Layout::plain) store::check_plain_dtypes(source.tensors());
  store::check_metadata(options.message, options.metadata);
  if (!options.tag.empty()) lance::check_tag_name(options.tag);
}

SaveReport Store::save(TensorSource& source, const SaveOptions& options) {
  return store::save(*state_->storage, source, options);
}

}  // namespace lancekeep
