// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/store.h>

#include "io/storage.h"
#include "lance/table/file_names.h"
#include "lance/table/tags.h"
#include "store/read/store_folder.h"
#include "store/read/version_state.h"
#include "store/read/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

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
  return State::make_store({path, store::open_dataset(path)});
}

const std::filesystem::path& Store::path() const { return state_->path; }

Version Store::at(const Ref& ref, const ReadOptions& options) const {
  const auto open = [&](const std::shared_ptr<io::Storage>& storage) {
    return store::open_version(storage, ref, options);
  };
  return ref.is_latest() ? state_->answer_first(open) : state_->answer(open);
}

std::vector<VersionInfo> Store::versions() const {
  return state_->answer(
      [](const std::shared_ptr<io::Storage>& storage) { return store::describe_all(*storage); });
}

std::map<std::string, std::uint64_t> Store::tags() const {
  const auto by_version = state_->answer(
      [](const std::shared_ptr<io::Storage>& storage) { return store::tags_by_version(*storage); });
  std::map<std::string, std::uint64_t> tags;
  for (const auto& [version, names] : by_version) {
    for (const std::string& name : names) tags.emplace(name, version);
  }
  return tags;
}

std::vector<std::string> Store::branches() const {
  return state_->answer(
      [](const std::shared_ptr<io::Storage>& storage) { return lance::list_branches(*storage); });
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

// An operation on a store's folder that is locked: the folder must still be at its path then, or
// the tag would go into a store that nobody opens any more.
std::unique_ptr<io::FolderLock> lock_current(io::Storage& storage) {
  auto lock = storage.lock(lance::kVersionsFolder, io::LockMode::exclusive);
  store::require_current(storage);
  return lock;
}

std::uint64_t set_tag(io::Storage& storage, const std::string& name, const Ref& ref, bool force,
                      std::optional<std::uint64_t> expected) {
  // Resolve it without the lock first: a ref to a missing version fails at once, even while a
  // writer holds the lock.
  (void)store::resolve(storage, lance::list_versions(storage), ref);
  // The exclusive lock keeps the version from being removed before the tag exists, and two writers
  // from moving one tag at once.
  const auto lock = lock_current(storage);
  const lance::VersionEntry entry = store::resolve(storage, lance::list_versions(storage), ref);
  if (expected) require_tag_at(storage, name, *expected);
  // The version's writer may have died before this sync, and a tag must not outlive its version.
  storage.sync_folder(lance::kVersionsFolder);
  lance::write_tag(storage, {.name = name, .move = force || expected}, entry.version,
                   storage.size(entry.path), true);
  return entry.version;
}

}  // namespace

std::uint64_t Store::tag(const std::string& name, const Ref& ref, bool force,
                         std::optional<std::uint64_t> expected) {
  lance::check_tag_name(name);
  return state_->change([&](const std::shared_ptr<io::Storage>& storage) {
    return set_tag(*storage, name, ref, force, expected);
  });
}

void Store::untag(const std::string& name) {
  lance::check_tag_name(name);
  state_->change([&](const std::shared_ptr<io::Storage>& storage) {
    const auto lock = lock_current(*storage);
    lance::remove_tag(*storage, name);
  });
}

}  // namespace lancekeep
