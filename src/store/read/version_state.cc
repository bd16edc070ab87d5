// SPDX-License-Identifier: Apache-2.0
#include "store/read/version_state.h"

#include "store/plain/plain_table.h"
#include "store/read/native_values.h"
#include "store/read/plain_values.h"
#include "store/read/store_folder.h"
#include "store/table/digest.h"
#include "store/table/properties.h"
#include "tensor/state_dicts_key.h"

#include <fmt/format.h>

#include <map>

namespace lancekeep::store {

LazyInfo::LazyInfo(std::shared_ptr<io::Storage> storage, VersionInfo known,
                   const lance::ManifestFile& file)
    : storage_(std::move(storage)),
      files_(files_of(file.manifest)),
      manifest_size_(file.size),
      restored_from_(file.transaction
                         ? number_property(file.transaction->properties, kRestoredFromKey)
                         : std::nullopt),
      state_dicts_(file.transaction ? property(file.transaction->properties, kStateDictsKey) : ""),
      info_(std::move(known)) {}

const VersionInfo& LazyInfo::full() const {
  std::call_once(once_, [this] {
    info_.bytes_added = bytes_added();
    auto tags = tags_by_version(*storage_);
    if (const auto it = tags.find(info_.number); it != tags.end()) info_.tags = it->second;
  });
  return info_;
}

// File sizes and other manifests are needed only to describe the version: an error in them must not
// prevent anyone from reading it.
std::uint64_t LazyInfo::bytes_added() const {
  try {
    const FileSizes earlier =
        earlier_files(*storage_, lance::list_versions(*storage_), info_.number, restored_from_);
    return manifest_size_ + added_bytes(*storage_, files_, earlier);
  } catch (const Error&) {
    return manifest_size_;
  }
}

namespace {

void require_dtype(const io::Storage& storage, Layout layout, const std::string& dtype) {
  if (dtype.empty()) return;
  if (layout == Layout::plain) {
    require_number(dtype, storage.full_name(""));
    return;
  }
  throw Error(ErrorCode::invalid_argument,
              fmt::format("tensors of a native store have their own dtypes; only those of a plain "
                          "dataset can be read as `{}`",
                          dtype),
              storage.full_name(""));
}

// Fills the state with the rows of a manifest and the source of their values.
void read_native(const lance::VersionEntry& entry, const lance::ManifestFile& file,
                 VersionInfo& info, Version::State& state) {
  TensorTable table = read_tensor_table(*state.storage, file.manifest);
  require_digest(*state.storage, entry, file, table.rows);
  const std::vector<std::size_t> targets = tie_targets(table);
  info = describe(entry, file, [&] { return total_bytes(table, targets); });
  state.infos = tensor_infos(table, targets);
  for (std::size_t i = 0; i < state.infos.size(); ++i)
    state.by_name.emplace(state.infos[i].name, i);
  state.values = std::make_unique<NativeValues>(state.storage, std::move(table), targets);
}

void read_plain(const lance::VersionEntry& entry, const lance::ManifestFile& file,
                const std::string& dtype, VersionInfo& info, Version::State& state) {
  PlainTable table = read_plain_table(*state.storage, file.manifest);
  info = describe(entry, file, [&] { return total_bytes(table); });
  state.infos = tensor_infos(table, dtype);
  for (std::size_t i = 0; i < state.infos.size(); ++i)
    state.by_name.insert_or_assign(state.infos[i].name, i);
  state.values =
      std::make_unique<PlainValues>(std::move(table), dtype, state.storage->full_name(""));
}

Version open_listed(std::shared_ptr<io::Storage> storage, const lance::VersionList& list,
                    const Ref& ref, const ReadOptions& options) {
  const auto [entry, file, warning] = read_resolved(*storage, list, ref);
  const Layout layout = require_model(*storage, file.manifest);
  require_dtype(*storage, layout, options.dtype);
  auto state = std::make_shared<Version::State>();
  state->storage = storage;
  VersionInfo info;
  if (layout == Layout::native) {
    read_native(entry, file, info, *state);
  } else {
    read_plain(entry, file, options.dtype.empty() ? kPlainDtype : options.dtype, info, *state);
  }
  info.warning = warning;
  state->info = std::make_unique<const LazyInfo>(std::move(storage), std::move(info), file);
  return Version::State::make_version(std::move(state));
}

}  // namespace

Version open_version(std::shared_ptr<io::Storage> storage, const Ref& ref,
                     const ReadOptions& options) {
  lance::VersionList list = lance::list_versions(*storage);
  while (true) {
    try {
      return open_listed(storage, list, ref, options);
    } catch (const Error& e) {
      // The version may have been removed because there is a newer one, which is now the latest.
      if (e.code() != ErrorCode::not_found || !ref.is_latest()) throw;
      lance::VersionList now = lance::list_versions(*storage);
      if (now.newest() <= list.newest()) throw;
      list = std::move(now);
    }
  }
}

}  // namespace lancekeep::store

namespace lancekeep {

void Version::State::require_intact(std::size_t row) const {
  if (infos[row].damage.empty()) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("tensor `{}` cannot be loaded: {}", infos[row].name, infos[row].damage),
              storage->full_name(""));
}

std::size_t Version::State::row_of(std::string_view name) const {
  const auto it = by_name.find(name);
  if (it == by_name.end()) {
    throw Error(ErrorCode::not_found,
                fmt::format("version {} has no tensor `{}`", info->known().number, name),
                storage->full_name(""));
  }
  require_intact(it->second);
  return it->second;
}

std::uint64_t Version::number() const { return state_->info->known().number; }
Layout Version::layout() const { return state_->info->known().layout; }
const VersionInfo& Version::info() const { return state_->info->full(); }
std::span<const TensorInfo> Version::tensors() const { return state_->infos; }

const TensorInfo& Version::find(std::string_view name) const {
  return state_->infos[state_->row_of(name)];
}

TensorView Version::tensor(std::string_view name, Access access) const {
  return state_->values->view(state_->row_of(name), access);
}

void Version::read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) const {
  const std::size_t row = state_->row_of(name);
  const std::uint64_t nbytes = state_->infos[row].nbytes;
  if (offset > nbytes || into.size() > nbytes - offset) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("cannot read {} bytes at offset {} of tensor `{}`, which has {} bytes",
                            into.size(), offset, name, nbytes),
                state_->storage->full_name(""));
  }
  state_->values->read(row, offset, into);
}

void Version::read(std::span<const ReadRequest> requests) const {
  std::vector<store::RowRequest> rows;
  for (const ReadRequest& request : requests) {
    const std::size_t row = state_->row_of(request.name);
    const std::uint64_t nbytes = state_->values->nbytes_as(row, request.dtype);
    if (nbytes != request.into.size()) {
      throw Error(
          ErrorCode::invalid_argument,
          fmt::format("tensor `{}` has {} bytes{}, but its buffer has {}", request.name, nbytes,
                      request.dtype.empty() ? "" : " as " + request.dtype, request.into.size()),
          state_->storage->full_name(""));
    }
    rows.push_back({row, request.into, request.dtype});
  }
  state_->values->read(rows);
}

Location Version::locate(std::string_view name) const {
  return state_->values->locate(state_->row_of(name));
}

namespace {

// A version as a source to save or export: rows in model order, with their ties. If several rows
// have one name, that entry is at the place of the first of them, as in a dict.
class VersionSource : public TensorSource {
 public:
  explicit VersionSource(std::shared_ptr<const Version::State> state)
      : state_(std::move(state)), reader_(state_->values->reader()) {
    std::map<std::string_view, std::size_t> index;
    for (const TensorInfo& named : state_->infos) {
      if (index.contains(named.name)) continue;
      const std::size_t row = state_->by_name.at(named.name);
      state_->require_intact(row);  // fail rather than silently skip the row
      const TensorInfo& info = state_->infos[row];
      TensorSpec spec{info.name, info.dtype, info.shape, info.nbytes, std::nullopt};
      const auto target = info.tied_to ? index.find(*info.tied_to) : index.end();
      if (target != index.end() && !specs_[target->second].tied_to) spec.tied_to = target->second;
      index.emplace(info.name, specs_.size());
      specs_.push_back(std::move(spec));
      rows_.push_back(row);
    }
  }

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override { reader_->push(rows_[index], sink); }
  Metadata metadata() const override {
    Metadata metadata = state_->info->known().metadata;
    const std::string& state_dicts = state_->info->state_dicts();
    if (!state_dicts.empty()) metadata.emplace(kStateDictsKey, state_dicts);
    return metadata;
  }

 private:
  const std::shared_ptr<const Version::State> state_;
  const std::unique_ptr<store::RowReader> reader_;
  std::vector<TensorSpec> specs_;
  std::vector<std::size_t> rows_;  // parallel to specs_
};

}  // namespace

const std::string& Version::state_dicts() const { return state_->info->state_dicts(); }

std::unique_ptr<TensorSource> Version::source() const {
  return std::make_unique<VersionSource>(state_);
}

}  // namespace lancekeep
