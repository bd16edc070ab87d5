// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/store.h>

#include "io/local_storage.h"
#include "io/rename.h"
#include "lance/table/tags.h"
#include "store/read/dataset_folder.h"
#include "store/read/store_state.h"
#include "store/read/version_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lancekeep {

const char* to_string(Layout layout) noexcept {
  return layout == Layout::plain ? "plain" : "native";
}

void Ref::throw_negative(std::int64_t number) {
  throw Error(ErrorCode::invalid_argument,
              fmt::format("a version number is not negative, got {}", number));
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

Store Store::create(const std::filesystem::path& path) {
  store::require_local(path);
  io::finish_swap(path);
  std::shared_ptr<io::Storage> storage = io::create_local_storage(path);
  store::make_dataset(*storage, path);
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
      infos.push_back(store::describe(storage, entry, file, earlier));
      earlier.merge(store::files_of(file.manifest));
    } catch (const Error& e) {
      infos.push_back({.number = entry.version, .damage = e.what()});
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

}  // namespace lancekeep
