// SPDX-License-Identifier: Apache-2.0
#include "store/gc/survey.h"

#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

using TagsByVersion = std::map<std::uint64_t, std::vector<std::string>>;

// Nothing where it is gone by now.
std::optional<bool> is_torn_if_there(const io::Storage& storage, const lance::VersionEntry& entry) {
  try {
    return lance::is_torn(storage, entry);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::not_found) throw;
    return std::nullopt;
  }
}

// The versions that count, oldest first.
std::vector<lance::VersionEntry> set_torn_apart(const io::Storage& storage,
                                                const TagsByVersion& tags, Survey& survey) {
  std::vector<lance::VersionEntry> whole;
  for (const lance::VersionEntry& entry : lance::list_versions(storage).entries) {
    const std::optional<bool> torn = is_torn_if_there(storage, entry);
    if (!torn) continue;
    if (!*torn) {
      whole.push_back(entry);
      continue;
    }
    const auto tagged = tags.find(entry.version);
    if (tagged != tags.end()) refuse_tagged_torn(storage, entry, tagged->second);
    survey.torn.insert(entry.path);
  }
  if (whole.empty() && !survey.torn.empty()) refuse_all_torn(storage);
  return whole;
}

Time time_of(const lance::Manifest& manifest) {
  return Time(std::chrono::seconds(manifest.seconds) + std::chrono::nanoseconds(manifest.nanos));
}

bool is_file(const Files& files, const std::string& path) {
  const auto found = files.find(path);
  return found != files.end() && found->second.is_file;
}

void note_lost_tags(const TagsByVersion& tags, const std::vector<lance::VersionEntry>& versions,
                    Survey& survey) {
  for (const auto& [version, names] : tags) {
    if (std::ranges::find(versions, version, &lance::VersionEntry::version) != versions.end()) {
      continue;
    }
    survey.notes.push_back(
        fmt::format("version {} is not there, but has a tag: {}", version, fmt::join(names, ", ")));
  }
}

}  // namespace

Survey survey_store(const io::Storage& storage, const GcOptions& options, Time now) {
  // The files first: what someone without a lock publishes meanwhile is then named by a manifest
  // that is read, or not listed at all.
  Survey survey{.files = lance::list_lance_folders(storage)};
  require_only_listed_versions(storage, survey.files);
  const TagsByVersion tags = read_all_tags(storage);
  const std::vector<lance::VersionEntry> versions = set_torn_apart(storage, tags, survey);
  note_lost_tags(tags, versions, survey);

  std::uint64_t newer = versions.size();
  for (const lance::VersionEntry& entry : versions) {
    --newer;
    auto version = read_or_refuse(storage, entry);
    if (!version) continue;
    const Candidate candidate{newer, time_of(version->manifest), tags.contains(entry.version)};
    const bool goes = is_file(survey.files, entry.path) && may_go(candidate, options, now);
    if (goes) {
      survey.going.push_back(entry);
      survey.going_names.insert(version->names.begin(), version->names.end());
      continue;
    }
    require_known(storage, entry, version->manifest);
    for (const std::string& name : version->names) require_no_link(storage, name, survey.files);
    survey.kept_names.insert(version->names.begin(), version->names.end());
    if (newer > 0) {
      survey.older_names.insert(version->names.begin(), version->names.end());
    } else if (may_go({1, candidate.time, candidate.has_tag}, options, now)) {
      survey.replaceable = entry.version;
    }
    if (version->is_synced) continue;
    survey.unsynced_names.insert(version->names.begin(), version->names.end());
  }
  return survey;
}

}  // namespace lancekeep::store
