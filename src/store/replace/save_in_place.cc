// SPDX-License-Identifier: Apache-2.0
#include "store/replace/save_in_place.h"

#include <lancekeep/error.h>

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCannotRename =
    "this folder cannot be exchanged with a new one, because it is in a lower layer of an overlay "
    "(as in a container's image) or is a mount point";

VersionInfo only_version(const Store& fresh, const fs::path& target) {
  const std::vector<VersionInfo> versions = fresh.versions();
  if (versions.size() == 1) return versions.front();
  throw Error(
      ErrorCode::unsupported,
      fmt::format("{}; {} versions cannot take its place in one step. Write them to another "
                  "path",
                  kCannotRename, versions.size()),
      target.string());
}

// Tags first: they keep their versions.
void remove_older(Store& store, std::uint64_t version) {
  for (const auto& [tag, number] : store.tags()) {
    if (number < version) store.untag(tag);
  }
  const auto versions = store.versions();
  const auto kept = std::ranges::count_if(
      versions, [&](const VersionInfo& info) { return info.number >= version; });
  // Without another version in between: the number is already in the report.
  store.gc({.keep_last = static_cast<std::uint64_t>(kept), .rewrite = false});
}

}  // namespace

SaveReport save_in_place(const Store& fresh, const fs::path& target) {
  const VersionInfo info = only_version(fresh, target);
  const Version version = fresh.at(info.number);
  const auto source = version.source();
  Store store = Store::open(target);
  SaveReport report = store.save(
      *source, {.message = info.message, .metadata = info.metadata, .layout = info.layout});
  for (const std::string& tag : info.tags) store.tag(tag, report.version, true);
  report.notes.push_back(fmt::format(
      "{}; the model was saved into it as version {} instead, and the older versions were removed",
      kCannotRename, report.version));
  try {
    remove_older(store, report.version);
  } catch (const Error& error) {
    report.notes.back() = fmt::format(
        "{}; the model was saved into it as version {} instead, but the older versions are still "
        "there: {}",
        kCannotRename, report.version, error.what());
  }
  return report;
}

}  // namespace lancekeep::store
