// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/store.h>

#include "io/local_storage.h"
#include "io/rename.h"
#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/read/store_folder.h"
#include "store/read/version_state.h"
#include "store/read/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lancekeep {

const char* to_string(Layout layout) noexcept {
  return layout == Layout::plain ? "plain" : "native";
}

void Ref::throw_negative(std::int64_t number) {
  throw Error(ErrorCode::invalid_argument,
              fmt::format("expected a version number of 0 or more, got {}", number));
}

Ref Ref::tag(const std::string& name) {
  if (name.empty()) throw Error(ErrorCode::invalid_argument, "the name of a tag is empty");
  Ref ref;
  ref.value_ = name;
  return ref;
}

Ref Ref::parse(const std::string& text) {
  if (text.empty())
    throw Error(ErrorCode::invalid_argument,
                "a version's name is empty; expected a number, a tag or `latest`");
  if (text == "latest") return {};
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return tag(text);
  std::uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) {
    throw Error(ErrorCode::invalid_argument, "version number " + text + " does not fit 64 bits");
  }
  return {number};
}

Store Store::open(const std::filesystem::path& path) {
  store::require_local(path);
  io::finish_swap(path);
  if (!store::is_there(path)) {
    throw Error(ErrorCode::not_found, "there is no store: no such file or folder", path.string());
  }
  std::shared_ptr<io::Storage> storage = io::open_local_storage(path);
  store::require_dataset(*storage, path);
  return State::make_store({path, std::move(storage)});
}

const std::filesystem::path& Store::path() const { return state_->path; }

Version Store::at(const Ref& ref, const ReadOptions& options) const {
  return store::open_version(state_->storage, ref, options);
}

std::vector<VersionInfo> Store::versions() const {
  const io::Storage& storage = *state_->storage;
  auto tags = store::tags_by_version(storage);
  std::vector<VersionInfo> infos;
  store::FileSizes earlier;
  for (const lance::VersionEntry& entry : lance::list_versions(storage).entries) {
    try {
      const lance::ManifestFile file = lance::read_manifest(storage, entry);
      VersionInfo info = store::describe_any(storage, entry, file);
      store::FileSizes files = store::files_of(file.manifest);
      info.bytes_added = file.size + store::added_bytes(storage, files, earlier);
      infos.push_back(std::move(info));
      earlier.merge(files);
    } catch (const Error& e) {
      infos.push_back({.number = entry.version});
      store::set_problem(infos.back(), e);
    }
    infos.back().tags = std::move(tags[entry.version]);
  }
  return infos;
}

std::map<std::string, std::uint64_t> Store::tags() const {
  std::map<std::string, std::uint64_t> tags;
  for (const auto& [version, names] : store::tags_by_version(*state_->storage)) {
    for (const std::string& name : names) tags.emplace(name, version);
  }
  return tags;
}

namespace {

// Compare and swap: under the lock, the tag must still point to the version that the caller
// expects.
void require_tag_at(const io::Storage& storage, const std::string& name, std::uint64_t expected) {
  const lance::Tag now = lance::read_tag(storage, name);
  if (!now.branch && now.version == expected) return;
  throw Error(ErrorCode::conflict,
              fmt::format("the tag `{}` points to version {}, expected {}; someone else has moved "
                          "it, and it was not changed",
                          name, now.version, expected),
              storage.full_name(lance::tag_path(name)));
}

}  // namespace

std::uint64_t Store::tag(const std::string& name, const Ref& ref, bool force,
                         std::optional<std::uint64_t> expected) {
  io::Storage& storage = *state_->storage;
  lance::check_tag_name(name);
  // Resolve it without the lock first: a ref to a missing version fails at once, even while a
  // writer holds the lock.
  (void)store::resolve(storage, lance::list_versions(storage), ref);
  // The exclusive lock keeps the version from being removed before the tag exists, and two writers
  // from moving one tag at once.
  const auto lock = storage.lock(lance::kVersionsFolder, io::LockMode::exclusive);
  const lance::VersionEntry entry = store::resolve(storage, lance::list_versions(storage), ref);
  if (expected) require_tag_at(storage, name, *expected);
  // The version's writer may have died before this sync, and a tag must not outlive its version.
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
