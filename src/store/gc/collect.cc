// SPDX-License-Identifier: Apache-2.0
// Removing versions, and what each step prevents:
//
//  0. Store::gc first publishes the latest version anew without the data files that are mostly
//     dead: see rewrite.h. A failure there is a note, unless it is the disk's.
//  1. Lock _versions, exclusive, until the end. A save that was published meanwhile would have let
//     go of the locks on its files, which no manifest seen here names: they would look like
//     orphans. A tag could be set on a version that is about to go.
//  2. The path must still lead to this folder: else the report would be of a store that was
//     replaced, and is on its way out already.
//  3. List the files, then read the tags and all manifests; stop where there is anything that this
//     build does not understand: it could name a file that nothing else names. In this order, since
//     a writer that takes no lock (pylance) may publish meanwhile: its files are then named, or
//     young, or not listed.
//  4. Bring to the disk what the versions that stay stand on, where nobody has (pylance, a save
//     that was not durable or died early): else a power cut could take them after those that were
//     safe.
//  5. Remove the manifests, oldest first: a version that is still there is still complete. Stopped
//     from here on, the store lacks some versions, and holds files that the next gc finds unnamed.
//  6. Sync _versions: else a power cut could bring back a manifest whose files are gone.
//  7. Remove the files that only those versions named. They were published once, so nobody is
//     writing them, however young they are. Whoever has them mapped keeps their bytes.
//  8. Remove what no version names, but only what is old enough (a writer without locks may be at
//     it) and what nobody holds a lock on (a save of ours is at it).
#include "store/gc/collect.h"

#include "lance/table/file_names.h"
#include "store/gc/plan.h"
#include "store/gc/rewrite.h"
#include "store/read/store_state.h"
#include "store/save/files_there.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lancekeep::store {
namespace {

// Removes what was planned, and keeps the account; with `dry_run`, only that.
class Collection {
 public:
  Collection(io::Storage& storage, Survey survey, bool dry_run)
      : storage_(storage), survey_(std::move(survey)) {
    report_.dry_run = dry_run;
    report_.notes = survey_.notes;
  }

  GcReport run(const Plan& plan) {
    const bool some_go = !plan.manifests.empty() && !report_.dry_run;
    if (some_go) sync_what_stays();                                    // 4
    for (const std::string& path : plan.manifests) remove(path);       // 5
    if (some_go) storage_.sync_folder(lance::kVersionsFolder);         // 6
    for (const std::string& path : plan.released) remove(path);        // 7
    for (const std::string& path : plan.orphans) remove_unused(path);  // 8
    for (const std::string& path : plan.young) keep(path);
    for (const std::string& path : plan.folders) remove_if_empty(path);
    for (const auto& entry : survey_.going) report_.versions_removed.push_back(entry.version);
    note_foreign(plan.foreign);
    return std::move(report_);
  }

 private:
  void sync_what_stays() {
    sync_files(storage_, survey_.unsynced_names);
    if (!survey_.unsynced_names.empty()) storage_.sync_folder("");
    storage_.sync_folder(lance::kVersionsFolder);
  }

  void remove(const std::string& path) {
    if (!report_.dry_run) storage_.remove(path);
    count(path);
  }

  void remove_unused(const std::string& path) {
    if (!report_.dry_run && !storage_.remove_unused(path)) return keep(path);
    if (survey_.torn.contains(path)) {
      report_.notes.push_back(
          "a manifest that was cut short, of a version that nobody was told of, "
          "is among the removed files: " +
          storage_.full_name(path));
    }
    count(path);
  }

  void count(const std::string& path) {
    ++report_.files_removed;
    report_.bytes_freed += survey_.files.at(path).size;
    survey_.files.erase(path);
  }

  void keep(const std::string& path) {
    ++report_.orphans_kept;
    report_.orphan_bytes_kept += survey_.files.at(path).size;
  }

  void remove_if_empty(const std::string& folder) {
    const std::string below = folder + "/";
    const auto next = survey_.files.lower_bound(below);
    const bool holds_some = next != survey_.files.end() && next->first.starts_with(below);
    if (holds_some || report_.dry_run) return;
    try {
      storage_.remove(folder);
    } catch (const Error&) {
      // Someone has put something into it since; it costs nothing.
    }
  }

  void note_foreign(std::uint64_t count) {
    if (count == 0) return;
    report_.notes.push_back(
        fmt::format("{} in the store's folders {} a name that Lance does not write; {}",
                    count == 1 ? "1 file" : fmt::format("{} files", count),
                    count == 1 ? "has" : "have", count == 1 ? "it stays" : "they stay"));
  }

  io::Storage& storage_;
  Survey survey_;
  GcReport report_;
};

}  // namespace

GcReport collect_garbage(io::Storage& storage, const GcOptions& options, Time now) {
  check_options(options);
  lance::require_current(storage);  // early as well: a folder that was removed has nothing to lock
  const auto lock = storage.lock(lance::kVersionsFolder, io::LockMode::exclusive);  // 1
  lance::require_current(storage);                                                  // 2
  Survey survey = survey_store(storage, options, now);                              // 3
  const Plan plan = plan_removal(survey, options, now);
  return Collection(storage, std::move(survey), options.dry_run).run(plan);  // 4 to 8
}

}  // namespace lancekeep::store

namespace lancekeep {

GcReport Store::gc(const GcOptions& options) {
  const auto now = std::chrono::system_clock::now();
  store::check_options(options);
  store::require_current(*state_->storage);
  std::optional<std::uint64_t> rewritten;
  std::string note;
  try {
    if (!options.dry_run) rewritten = store::rewrite_mostly_dead(state_->storage, options, now);
  } catch (const Error& e) {
    // A disk that fails is no place to remove anything: what was published may not last.
    if (e.code() == ErrorCode::io) throw;
    // Such as a full disk, which is why someone cleans up: the rest can be done all the same.
    note = fmt::format("data files that are mostly dead were not rewritten: {}", e.what());
  }
  GcReport report = store::collect_garbage(*state_->storage, options, now);
  report.rewritten = rewritten;
  if (!note.empty()) report.notes.push_back(std::move(note));
  return report;
}

}  // namespace lancekeep
