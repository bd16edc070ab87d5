// SPDX-License-Identifier: Apache-2.0
// For tests: everything that a reader sees of a store, as a value, and what it may be after an
// interrupted operation.
#pragma once

#include "store/testing/test_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace lancekeep::store {

struct StoreContent {
  std::map<std::uint64_t, std::string> versions;  ///< message, metadata, tensors and their bytes
  std::map<std::string, std::uint64_t> tags;
  bool operator==(const StoreContent&) const = default;
};

inline std::string content_of(const Version& version) {
  std::string text = version.info().message;
  for (const auto& [key, value] : version.info().metadata) text += "|" + key + "=" + value;
  for (const TensorInfo& tensor : version.tensors()) {
    text += fmt::format("\n{} {} tied to {}:", tensor.name, tensor.dtype,
                        tensor.tied_to.value_or("none"));
    for (const std::int64_t dim : tensor.shape) text += std::to_string(dim) + ",";
    text += text_of(version.tensor(tensor.name));
  }
  return text;
}

/// The content of a store; empty for a missing or empty folder. The content of a version that
/// cannot be read is its error.
inline StoreContent content_of(const std::filesystem::path& path) {
  StoreContent content;
  if (!std::filesystem::exists(path) || std::filesystem::is_empty(path)) return content;
  const Store store = Store::open(path);
  for (const VersionInfo& info : store.versions()) {
    try {
      content.versions[info.number] = content_of(store.at(info.number));
    } catch (const Error& e) {
      content.versions[info.number] = fmt::format("damaged: {}", e.what());
    }
  }
  content.tags = store.tags();
  return content;
}

/// The states before and after an operation.
struct Transition {
  StoreContent before;
  StoreContent after;
  std::set<std::uint64_t> unsafe;  ///< earlier versions that were not synced
  bool vouches = false;            ///< whether the operation syncs them before it removes anything
};

template <typename Key, typename Value>
const Value* find_in(const std::map<Key, Value>& map, const Key& key) {
  const auto it = map.find(key);
  return it == map.end() ? nullptr : &it->second;
}

/// Whether the value of `key` is the one before or the one after.
template <typename Key, typename Value>
bool is_old_or_new(const Key& key, const std::map<Key, Value>& found,
                   const std::map<Key, Value>& before, const std::map<Key, Value>& after) {
  const auto same = [](const Value* a, const Value* b) {
    return a == nullptr || b == nullptr ? a == b : *a == *b;
  };
  const Value* now = find_in(found, key);
  return same(now, find_in(before, key)) || same(now, find_in(after, key));
}

/// Whether the operation has removed something already.
inline bool has_removed(const StoreContent& found, const Transition& transition) {
  return std::ranges::any_of(transition.before.versions, [&](const auto& version) {
    return !transition.unsafe.contains(version.first) && !found.versions.contains(version.first);
  });
}

/// What is wrong with one version; empty if nothing is.
inline std::string objection_to(std::uint64_t number, const StoreContent& found,
                                const Transition& transition, bool is_done) {
  const std::string* now = find_in(found.versions, number);
  const std::string* wanted = is_done ? find_in(transition.after.versions, number) : nullptr;
  if (transition.unsafe.contains(number) && !(transition.vouches && wanted != nullptr)) return "";
  const bool right = wanted != nullptr
                         ? now != nullptr && *now == *wanted
                         : is_old_or_new(number, found.versions, transition.before.versions,
                                         transition.after.versions);
  if (right) return "";
  if (now == nullptr) return fmt::format("version {} is lost", number);
  if (now->starts_with("damaged")) return fmt::format("version {} is {}", number, *now);
  return fmt::format("version {} is neither as before nor as after", number);
}

/// What is wrong with a store after the operation was interrupted, or was acknowledged; empty if
/// nothing is. Each version and each tag must be complete, and as before or as after the operation.
/// Nothing may be removed before everything that is kept is safely on the disk.
inline std::string objection(const StoreContent& found, const Transition& transition,
                             bool acknowledged) {
  const bool is_done = acknowledged || has_removed(found, transition);
  const StoreContent& after = transition.after;
  const StoreContent& before = acknowledged ? after : transition.before;
  for (const auto* content : {&found, &before, &after}) {
    for (const auto& [number, ignored] : content->versions) {
      if (acknowledged && !transition.unsafe.contains(number) && !after.versions.contains(number)) {
        return fmt::format("version {} should be gone", number);
      }
      const std::string wrong = objection_to(number, found, transition, is_done);
      if (!wrong.empty()) return wrong;
    }
    for (const auto& [name, ignored] : content->tags) {
      if (!is_old_or_new(name, found.tags, before.tags, after.tags)) {
        return "tag " + name + " is neither as before nor as after";
      }
    }
  }
  for (const auto& [name, version] : found.tags) {
    if (!found.versions.contains(version)) return "tag " + name + " points to no version";
  }
  return "";
}

}  // namespace lancekeep::store
