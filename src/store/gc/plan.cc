// SPDX-License-Identifier: Apache-2.0
#include "store/gc/plan.h"

#include "lance/table/file_names.h"

#include <algorithm>

namespace lancekeep::store {
namespace {

using lance::FileKind;

enum class Fate { stays, released, unnamed };

// The name by which a manifest would name the file.
std::string named_as(const std::string& path, std::optional<FileKind> kind) {
  return kind == FileKind::sidecar ? lance::owner_of_sidecar(path) : path;
}

Fate fate_of(const Survey& survey, const std::string& name) {
  if (survey.kept_names.contains(name)) return Fate::stays;
  return survey.going_names.contains(name) ? Fate::released : Fate::unnamed;
}

// A data file may have any name, once a manifest says so; but of the rest of data/, nothing goes.
bool may_be_released(const std::string& path, std::optional<FileKind> kind) {
  return kind.has_value() || path.ends_with(".lance");
}

bool may_be_orphan(const Survey& survey, const std::string& path, FileKind kind) {
  switch (kind) {
    case FileKind::data:
    case FileKind::sidecar:
    case FileKind::deletion:
    case FileKind::transaction:
    case FileKind::temporary:
      return true;
    case FileKind::manifest:
      return survey.torn.contains(path);
    case FileKind::detached:
    case FileKind::version_hint:
    case FileKind::tag:
    case FileKind::branch:
      return false;
  }
  return false;
}

// A blob is not older than the data file that it lies beside: both were written at one go.
Time last_written(const Survey& survey, const std::string& path, const std::string& name) {
  const Time own = survey.files.at(path).modified;
  const auto owner = survey.files.find(name);
  return owner == survey.files.end() ? own : std::max(own, owner->second.modified);
}

// data/<stem>, where the data file <stem>.lance is one that nothing will name: once it is as old as
// an orphan, since someone may be about to put a blob into it.
bool is_left_folder(const Survey& survey, const std::string& path, const GcOptions& options,
                    Time now) {
  if (!lance::is_sidecar_folder(path)) return false;
  const Fate fate = fate_of(survey, path + ".lance");
  if (fate != Fate::unnamed) return fate == Fate::released;
  return is_as_old(survey.files.at(path).modified, options.orphans_older_than, now);
}

}  // namespace

Plan plan_removal(const Survey& survey, const GcOptions& options, Time now) {
  Plan plan;
  for (const lance::VersionEntry& entry : survey.going) plan.manifests.push_back(entry.path);
  const std::set<std::string> manifests(plan.manifests.begin(), plan.manifests.end());
  for (const auto& [path, entry] : survey.files) {
    if (entry.is_folder) {
      if (is_left_folder(survey, path, options, now)) plan.folders.push_back(path);
      continue;
    }
    const auto kind = lance::kind_of_file(path);
    const std::string name = named_as(path, kind);
    const Fate fate = fate_of(survey, name);
    if (fate == Fate::stays || manifests.contains(path)) continue;
    if (entry.is_file && fate == Fate::released && may_be_released(path, kind)) {
      plan.released.push_back(path);
    } else if (!entry.is_file || !kind) {
      ++plan.foreign;
    } else if (may_be_orphan(survey, path, *kind)) {
      const bool old = is_as_old(last_written(survey, path, name), options.orphans_older_than, now);
      (old ? plan.orphans : plan.young).push_back(path);
    }
  }
  return plan;
}

}  // namespace lancekeep::store
