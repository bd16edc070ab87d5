// SPDX-License-Identifier: Apache-2.0
// Removing versions, and what each step prevents:
//
//  0. Store::gc first commits the latest version again without the data files that are mostly dead:
//     see rewrite.h. If this step fails, the report has a note, unless the disk failed.
//  1. Take the exclusive lock of _versions, and hold it until the end. A save that commits
//     meanwhile would release the locks of its files, and no manifest read here refers to them:
//     they would look unreferenced. Also, a tag could be set on a version that is about to be
//     removed.
//  2. Check that the path still leads to this folder: else the report would be about a store that
//     was replaced and is being deleted.
//  3. List the files, then read the tags and all manifests; stop if there is anything that this
//     build does not understand: it could refer to a file that nothing else refers to. Stop too if
//     a file of a version that will be kept is missing or was cut short: the versions to be removed
//     may be the last that can be read. The order matters, because a writer that takes no lock (pylance) may commit meanwhile: its files are
//     then referenced, or young, or not listed.
//  4. Sync the files of the versions that are kept, if their writer did not (pylance, or a save
//     that was not durable or died early): else a power cut could lose them after the versions that
//     were safely on the disk are removed.
//  5. Remove the manifests, oldest first: a version that is still listed is still complete. If gc
//     stops after this point, the store lacks some versions, and the next gc finds their files
//     unreferenced.
//  6. Sync _versions: else a power cut could bring back a manifest whose files are removed.
//  7. Remove the files that only those versions referred to, however young they are: they were part
//     of a version, so nobody is writing them. Files that are memory-mapped stay readable.
//  8. Remove unreferenced files, but only those that are old enough (an unlocked writer may still
//     be using younger ones) and not locked (by a running save).
//  9. Remove the folders that killed replacements left beside the store: nobody has locked them. See
//     store/replace/new_store.cc.
#include "store/gc/collect.h"

#include "io/waiting.h"
#include "lance/table/file_names.h"
#include "store/gc/inventory.h"
#include "store/gc/rewrite.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/replace/stale_siblings.h"
#include "store/save/referenced_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lancekeep::store {
namespace {

// Carries out the plan and fills the report; with `dry_run`, it only fills the report.
class Collection {
 public:
  Collection(io::Storage& storage, Inventory inventory, bool dry_run)
      : storage_(storage), inventory_(std::move(inventory)) {
    report_.dry_run = dry_run;
    report_.notes = inventory_.notes;
  }

  GcReport run(const Plan& plan) {
    if (!report_.dry_run) io::check_interrupts();  // from here on, gc runs to its end
    const bool removes_versions = !plan.manifests.empty() && !report_.dry_run;
    if (removes_versions) sync_kept_versions();                          // 4
    for (const std::string& path : plan.manifests) remove(path);         // 5
    if (removes_versions) storage_.sync_folder(lance::kVersionsFolder);  // 6
    for (const std::string& path : plan.released) remove(path);          // 7
    for (const std::string& path : plan.orphans) remove_unused(path);    // 8
    for (const std::string& path : plan.young) keep(path);
    for (auto path = plan.folders.rbegin(); path != plan.folders.rend(); ++path) {
      remove_if_empty(*path);  // a folder within a folder first
    }
    for (const auto& entry : inventory_.expired) report_.versions_removed.push_back(entry.version);
    note_foreign(plan.foreign);
    return std::move(report_);
  }

 private:
  void sync_kept_versions() {
    sync_files(storage_, inventory_.unsynced);
    if (!inventory_.unsynced.empty()) storage_.sync_folder("");
    storage_.sync_folder(lance::kVersionsFolder);
  }

  void remove(const std::string& path) {
    if (!report_.dry_run) storage_.remove(path);
    count(path);
  }

  void remove_unused(const std::string& path) {
    if (!report_.dry_run && !storage_.remove_unused(path)) return keep(path);
    if (inventory_.torn.contains(path)) {
      report_.notes.push_back(
          "removed a manifest that was cut short, of a version that was never acknowledged: " +
          storage_.full_name(path));
    }
    count(path);
  }

  void count(const std::string& path) {
    ++report_.files_removed;
    report_.bytes_freed += inventory_.files.at(path).size;
    inventory_.files.erase(path);
  }

  void keep(const std::string& path) {
    ++report_.orphans_kept;
    report_.orphan_bytes_kept += inventory_.files.at(path).size;
  }

  void remove_if_empty(const std::string& folder) {
    const std::string below = folder + "/";
    const auto next = inventory_.files.lower_bound(below);
    const bool holds_some = next != inventory_.files.end() && next->first.starts_with(below);
    if (holds_some || report_.dry_run) return;
    try {
      storage_.remove(folder);
      inventory_.files.erase(folder);
    } catch (const Error&) {
      // Someone has put a file into the folder since it was listed.
    }
  }

  void note_foreign(std::uint64_t count) {
    if (count == 0) return;
    report_.notes.push_back(
        count == 1 ? "kept 1 file with a name that Lance does not write"
                   : fmt::format("kept {} files with names that Lance does not write", count));
  }

  io::Storage& storage_;
  Inventory inventory_;
  GcReport report_;
};

}  // namespace

GcReport collect_garbage(io::Storage& storage, const GcOptions& options, Time now) {
  check_options(options);
  require_current(storage);  // before the lock too: a removed folder cannot be locked
  const auto lock = storage.lock(lance::kVersionsFolder, io::LockMode::exclusive);  // 1
  require_current(storage);                                                         // 2
  Inventory inventory = take_inventory(storage, options, now);                      // 3
  const Plan plan = plan_removal(inventory, options, now);
  return Collection(storage, std::move(inventory), options.dry_run).run(plan);  // 4 to 8
}

namespace {

void remove_siblings(const std::filesystem::path& path, GcReport& report) {
  const RemovedSiblings removed = remove_stale_siblings(path, report.dry_run);
  if (removed.folders == 0) return;
  report.files_removed += removed.files;
  report.bytes_freed += removed.bytes;
  report.notes.push_back(
      fmt::format("{} {} that an interrupted replacement had left beside the store",
                  report.dry_run ? "would remove" : "removed",
                  removed.folders == 1 ? "1 folder" : fmt::format("{} folders", removed.folders)));
}

}  // namespace

GcReport collect_all(const std::shared_ptr<io::Storage>& storage, const std::filesystem::path& path,
                     const GcOptions& options) {
  const auto now = std::chrono::system_clock::now();
  std::optional<std::uint64_t> rewritten;
  std::string note;
  try {
    if (!options.dry_run && options.rewrite) rewritten = rewrite_mostly_dead(storage, options, now);
  } catch (const Error& e) {
    // If the disk failed, remove nothing: the version just committed may not survive.
    if (e.code() == ErrorCode::io) throw;
    // Go on after other errors. One is a full disk, which may be the reason for this clean-up.
    note = fmt::format("data files that are mostly dead were not rewritten: {}", e.what());
  }
  GcReport report = collect_garbage(*storage, options, now);
  remove_siblings(path, report);  // 9
  report.rewritten = rewritten;
  if (!note.empty()) report.notes.push_back(std::move(note));
  return report;
}

}  // namespace lancekeep::store

namespace lancekeep {

GcReport Store::gc(const GcOptions& options) {
  store::check_options(options);
  return state_->change([&](const std::shared_ptr<io::Storage>& storage) {
    return store::collect_all(storage, state_->path, options);
  });
}

}  // namespace lancekeep
