// SPDX-License-Identifier: Apache-2.0
#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/read/store_state.h"

#include <fmt/format.h>

namespace lancekeep {
namespace {

// Compare and swap: what the caller saw must still be so, under the lock.
void require_standing(const io::Storage& storage, const std::string& name, std::uint64_t expected) {
  const lance::Tag now = lance::read_tag(storage, name);
  if (!now.branch && now.version == expected) return;
  throw Error(ErrorCode::conflict,
              fmt::format("the tag `{}` stands for version {}, expected {}; someone else has moved "
                          "it, and it was left there",
                          name, now.version, expected),
              storage.full_name(lance::tag_path(name)));
}

}  // namespace

std::uint64_t Store::tag(const std::string& name, const Ref& ref, bool force,
                         std::optional<std::uint64_t> expected) {
  io::Storage& storage = *state_->storage;
  lance::check_tag_name(name);
  (void)store::resolve(storage, lance::list_versions(storage),
                       ref);  // a clear answer before the lock is asked for
  // Exclusive, so that the version is still there when the tag is, and no two writers move one tag
  // at once.
  const auto lock = storage.lock(lance::kVersionsFolder, io::LockMode::exclusive);
  const lance::VersionEntry entry = store::resolve(storage, lance::list_versions(storage), ref);
  if (expected) require_standing(storage, name, *expected);
  // Whoever published it may have died before this: a tag is not to outlive its version.
  storage.sync_folder(lance::kVersionsFolder);
  lance::write_tag(storage, name, entry.version, storage.size(entry.path), force || expected, true);
  return entry.version;
}

void Store::untag(const std::string& name) {
  lance::check_tag_name(name);
  const auto lock = state_->storage->lock(lance::kVersionsFolder, io::LockMode::exclusive);
  lance::remove_tag(*state_->storage, name);
}

}  // namespace lancekeep
