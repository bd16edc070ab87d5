// SPDX-License-Identifier: Apache-2.0
#include "store/plain/plain_table.h"
#include "store/read/native_values.h"
#include "store/read/plain_values.h"
#include "store/read/store_state.h"
#include "store/read/version_state.h"
#include "store/table/properties.h"
#include "store/table/table_digest.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

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

std::vector<TensorInfo> infos_of(const PlainTable& table, const std::string& dtype) {
  const std::size_t itemsize = dtype_itemsize(dtype).value_or(1);
  std::vector<TensorInfo> infos;
  infos.reserve(table.rows.size());
  for (const PlainRow& row : table.rows) {
    infos.push_back({.name = row.name,
                     .dtype = dtype,
                     .shape = row.shape,
                     .nbytes = row.elements * itemsize,
                     .damage = row.damage});
  }
  return infos;
}

void check_dtype(const io::Storage& storage, Layout layout, const std::string& dtype) {
  if (dtype.empty()) return;
  if (layout == Layout::plain) {
    require_number(dtype, storage.full_name(""));
    return;
  }
  throw Error(ErrorCode::invalid_argument,
              fmt::format("the tensors of a native store have dtypes of their own; `{}` can be "
                          "asked of a recipe dataset only",
                          dtype),
              storage.full_name(""));
}

// Files of the versions that this one can share them with: the one before it, and the one that it
// restores. They only serve to say what it added: damage there is no damage here.
FileSizes earlier_files(const io::Storage& storage, const lance::VersionList& list,
                        const lance::ManifestFile& file) {
  FileSizes files;
  const auto restored = file.transaction
                            ? number_property(file.transaction->properties, kRestoredFromKey)
                            : std::nullopt;
  for (auto it = list.entries.begin(); it != list.entries.end(); ++it) {
    if (it->version >= file.manifest.version) break;
    const bool is_before =
        it + 1 == list.entries.end() || (it + 1)->version >= file.manifest.version;
    if (!is_before && it->version != restored) continue;
    try {
      files.merge(files_of(lance::read_manifest(storage, *it).manifest));
    } catch (const Error&) {
    }
  }
  return files;
}

// The rows of a manifest, what is known of them, and where their values come from.
void read_native(const lance::VersionEntry& entry, const lance::ManifestFile& file,
                 const FileSizes& earlier, Version::State& state) {
  TensorTable table = read_tensor_table(*state.storage, file.manifest);
  require_digest(*state.storage, entry, file, table.rows);
  state.info = describe(*state.storage, entry, file, earlier, total_bytes(table));
  state.infos = infos_of(table);
  for (std::size_t i = 0; i < state.infos.size(); ++i)
    state.by_name.emplace(state.infos[i].name, i);
  state.values = std::make_unique<NativeValues>(state.storage, std::move(table));
}

void read_plain(const lance::VersionEntry& entry, const lance::ManifestFile& file,
                const FileSizes& earlier, const std::string& dtype, Version::State& state) {
  PlainTable table = read_plain_table(*state.storage, file.manifest);
  state.info = describe(*state.storage, entry, file, earlier, total_bytes(table));
  state.infos = infos_of(table, dtype);
  for (std::size_t i = 0; i < state.infos.size(); ++i)
    state.by_name.insert_or_assign(state.infos[i].name, i);
  state.values =
      std::make_unique<PlainValues>(std::move(table), dtype, state.storage->full_name(""));
}

Version open_listed(std::shared_ptr<io::Storage> storage, const lance::VersionList& list,
                    const Ref& ref, const ReadOptions& options) {
  const auto [entry, file, warning] = read_resolved(*storage, list, ref);
  const Layout layout = require_model(*storage, file.manifest);
  check_dtype(*storage, layout, options.dtype);
  auto state = std::make_shared<Version::State>();
  state->storage = storage;
  const FileSizes earlier = earlier_files(*storage, list, file);
  if (layout == Layout::native) {
    read_native(entry, file, earlier, *state);
  } else {
    read_plain(entry, file, earlier, options.dtype.empty() ? kPlainDtype : options.dtype, *state);
  }
  state->info.warning = warning;
  const auto tags = tags_by_version(*storage);
  if (const auto it = tags.find(entry.version); it != tags.end()) state->info.tags = it->second;
  return Version(std::move(state));
}

}  // namespace

Version open_version(std::shared_ptr<io::Storage> storage, const Ref& ref,
                     const ReadOptions& options) {
  lance::VersionList list = lance::list_versions(*storage);
  while (true) {
    try {
      return open_listed(storage, list, ref, options);
    } catch (const Error& e) {
      // A version that was the latest may be removed once it is not: then there is a newer one.
      if (e.code() != ErrorCode::not_found || !ref.is_latest()) throw;
      lance::VersionList now = lance::list_versions(*storage);
      if (now.newest() <= list.newest()) throw;
      list = std::move(now);
    }
  }
}

}  // namespace lancekeep::store
