// SPDX-License-Identifier: Apache-2.0
#include "store/read/store_state.h"
#include "store/read/version_state.h"
#include "store/rows/properties.h"
#include "store/rows/table_digest.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {

namespace {

// The digest is of one version: one that was carried to another (a copied manifest) says nothing.
void check_digest(const io::Storage& storage, const lance::VersionEntry& entry,
                  const lance::ManifestFile& file, const TensorTable& table) {
  if (!file.transaction) return;
  const std::string expected = property(file.transaction->properties, kDigestKey);
  if (expected.empty() || !expected.ends_with(fmt::format("@{}", file.manifest.version))) return;
  const std::string found = digest_property(table_digest(table.rows), file.manifest.version);
  if (found == expected) return;
  throw Error(
      ErrorCode::corrupt,
      fmt::format(
          "the tensor table of version {} is damaged: its digest is {}, the save recorded {}; "
          "a name, dtype, shape or hash in its data files has changed",
          file.manifest.version, found, expected),
      storage.full_name(entry.path));
}

std::vector<TensorInfo> infos_of(const TensorTable& table) {
  const auto targets = tie_targets(table);
  std::vector<TensorInfo> infos;
  infos.reserve(table.rows.size());
  for (const TensorRow& row : table.rows) {
    TensorInfo info{.name = row.name.value_or(""),
                    .dtype = row.dtype.value_or(""),
                    .shape = row.shape.value_or(Shape()),
                    .nbytes = row.value ? row.value->size : 0,
                    .hash = row.hash.value_or(""),
                    .damage = row.damage};
    if (targets[infos.size()] != nullptr) info.tied_to = row.tied_to;
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace

Version open_version(std::shared_ptr<io::Storage> storage, const Ref& ref) {
  const lance::VersionList list = lance::list_versions(*storage);
  const lance::VersionEntry entry = resolve(*storage, list, ref);
  const lance::ManifestFile file = lance::read_manifest(*storage, entry);
  require_native(*storage, file.manifest);
  const auto here = std::ranges::find(list.entries, entry.version, &lance::VersionEntry::version);
  std::optional<lance::ManifestFile> before;
  if (here != list.entries.end() && here != list.entries.begin()) {
    try {
      before = lance::read_manifest(*storage, *(here - 1));
    } catch (const Error&) {
      // It only serves to say what this version added: damage there is no damage here.
    }
  }

  auto state = std::make_shared<Version::State>();
  state->table = read_tensor_table(*storage, file.manifest);
  check_digest(*storage, entry, file, state->table);
  state->info = describe(*storage, entry, file, before ? &*before : nullptr, &state->table);
  const auto tags = tags_by_version(*storage);
  if (const auto it = tags.find(entry.version); it != tags.end()) state->info.tags = it->second;
  state->infos = infos_of(state->table);
  for (std::size_t i = 0; i < state->infos.size(); ++i)
    state->by_name.emplace(state->infos[i].name, i);
  state->storage = std::move(storage);
  return Version(std::move(state));
}

}  // namespace lancekeep::store
