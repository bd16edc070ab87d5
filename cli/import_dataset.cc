// SPDX-License-Identifier: Apache-2.0
// Importing a dataset, so that it can be done again when the dataset has new versions:
//
//  1. Match the dataset's versions with those that the store has from earlier imports, by the time
//     and the number that each import records in the metadata.
//  2. Open every version that is new. Leave out those that are not models; stop at damage.
//  3. Check that each tag is free, or points to a version that came from the dataset.
//  4. Save the new versions, oldest first, and set their tags.
//  5. Set the tags of the versions that the store already had.
#include "cli/batch.h"
#include "cli/failure.h"
#include "cli/import_versions.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <set>
#include <utility>

namespace lancekeep::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

void check_is_another(const std::string& dataset, const std::string& store) {
  std::error_code ignored;  // a path that does not exist is not the store
  if (!fs::equivalent(dataset, store, ignored)) return;
  throw Error(ErrorCode::invalid_argument,
              "the dataset is the store itself; to make an earlier version the latest again, use "
              "lancekeep restore",
              store);
}

std::vector<VersionInfo> versions_to_import(const ImportPlan& plan, const Store& from) {
  if (plan.at) return {from.at(Ref::parse(*plan.at), {.dtype = plan.dtype}).info()};
  std::vector<VersionInfo> versions = from.versions();
  if (versions.empty()) {
    throw Error(ErrorCode::not_found, "the dataset has no version to import", plan.files.front());
  }
  if (!plan.tag.empty() && versions.size() > 1) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("--tag names one version, but the dataset has {}; choose one with "
                            "--at, or tag it afterwards: lancekeep tag STORE NAME --at NUMBER",
                            versions.size()));
  }
  return versions;
}

// Which version of the store came from which version of a dataset. Several can have one origin:
// `restore` makes a version with the metadata of an earlier one.
class Origins {
 public:
  explicit Origins(const Store& store) {
    for (const VersionInfo& version : store.versions()) {
      if (!source_time(version.metadata)) continue;
      const Origin origin = origin_of(version);
      origins_[origin].push_back(version.number);
      numbers_[origin.second].push_back(version.number);
    }
  }

  // Returns the store's version that came from `version`, oldest first, each at most once.
  std::optional<std::uint64_t> take(const VersionInfo& version) {
    // The time of a version with a damaged manifest is not known.
    auto& all = version.damage.empty() ? origins_[origin_of(version)]
                                       : numbers_[std::to_string(version.number)];
    if (all.empty()) return std::nullopt;
    const std::uint64_t number = all.front();
    all.erase(all.begin());
    return number;
  }

 private:
  using Origin = std::pair<std::string, std::string>;
  static Origin origin_of(const VersionInfo& version) {
    Metadata metadata = with_origin(version);
    return {metadata[kSourceTime], metadata[kSourceVersion]};
  }

  std::map<Origin, std::vector<std::uint64_t>> origins_;
  std::map<std::string, std::vector<std::uint64_t>> numbers_;
};

class DatasetImport {
 public:
  DatasetImport(const ImportPlan& plan, const OnImported& on_imported)
      : plan_(plan),
        on_imported_(on_imported),
        from_(Store::open(plan.files.front())),
        store_(open_store(plan)) {}

  DatasetOutcome run(Batch& batch) {
    find_versions();
    check_tags();
    note_branches();
    save(batch);
    for (const Known& known : known_) {
      set_tags(known.of, known.number);
      if (!plan_.tag.empty()) store_.tag(plan_.tag, known.number);
    }
    return std::move(outcome_);
  }

 private:
  // A version of the dataset that the store already had.
  struct Known {
    VersionInfo of;
    std::uint64_t number = 0;
  };

  static Store open_store(const ImportPlan& plan) {
    check_is_another(plan.files.front(), plan.store);
    return Store::create(plan.store);
  }

  void find_versions();
  bool is_model(const VersionInfo& version);
  void check_tags() const;
  void note_branches();
  void save(Batch& batch);
  ImportedVersion save_version(const Version& version, Progress progress);
  void set_tags(const VersionInfo& of, std::uint64_t number);
  [[nodiscard]] Error explain(const VersionInfo& version, const Error& error, bool is_last) const;
  [[nodiscard]] std::string imported_text() const;

  const ImportPlan& plan_;
  const OnImported& on_imported_;
  const Store from_;
  Store store_;
  std::vector<VersionInfo> versions_;  // to save
  std::vector<Known> known_;
  std::set<std::uint64_t> ours_;  // versions of the store that came from the dataset
  std::vector<std::uint64_t> imported_;
  DatasetOutcome outcome_;
};

void DatasetImport::find_versions() {
  Origins origins(store_);
  for (VersionInfo& version : versions_to_import(plan_, from_)) {
    throw_if_interrupted();
    if (const auto number = origins.take(version)) {
      outcome_.already_there.push_back(version.number);
      ours_.insert(*number);
      known_.push_back({std::move(version), *number});
    } else if (is_model(version)) {
      versions_.push_back(std::move(version));
    }
  }
  if (!versions_.empty() || !known_.empty()) return;
  throw Error(
      ErrorCode::invalid_argument,
      fmt::format("no version of the dataset can be imported: {}", fmt::join(outcome_.notes, "; ")),
      plan_.files.front());
}

// Opens the version. If it is not a model, or not one that this build reads, adds a note.
bool DatasetImport::is_model(const VersionInfo& version) {
  if (plan_.at) return true;  // it has been opened
  try {
    (void)from_.at(version.number);
  } catch (const Error& error) {
    const bool is_other =
        error.code() == ErrorCode::invalid_argument || error.code() == ErrorCode::unsupported;
    if (!is_other) throw explain(version, error, false);
    outcome_.notes.push_back(
        fmt::format("version {} is left out: {}", version.number, error.message()));
    return false;
  }
  if (plan_.dtype.empty()) return true;
  try {
    (void)from_.at(version.number, {.dtype = plan_.dtype});
  } catch (const Error& error) {
    throw explain(version, error, false);
  }
  return true;
}

// A tag is free, or points to a version that came from the dataset, from which it can move.
void DatasetImport::check_tags() const {
  const auto taken = store_.tags();
  const auto check = [&](const VersionInfo& version) {
    for (const std::string& tag : version.tags) {
      const auto found = taken.find(tag);
      if (found == taken.end() || ours_.contains(found->second)) continue;
      throw Error(ErrorCode::already_exists,
                  fmt::format("version {} of the dataset has the tag `{}`, which the store already "
                              "has; nothing was imported. Delete one of them, or rename it: "
                              "lancekeep tag STORE NEW --at {}; lancekeep tag STORE -d {}",
                              version.number, tag, tag, tag),
                  plan_.store);
    }
  };
  for (const VersionInfo& version : versions_) check(version);
  for (const Known& known : known_) check(known.of);
}

void DatasetImport::note_branches() {
  const std::vector<std::string> branches = from_.branches();
  if (branches.empty()) return;
  outcome_.notes.push_back(fmt::format(
      "the dataset has {} `{}`: versions and tags of branches are left out",
      branches.size() == 1 ? "the branch" : "the branches", fmt::join(branches, "`, `")));
}

ImportedVersion DatasetImport::save_version(const Version& version, Progress progress) {
  const auto start = Clock::now();
  Watched source = interruptible(version.source());
  VersionInfo of = version.info();
  const auto taken = store_.tags();
  std::erase_if(of.tags, [&](const std::string& tag) { return taken.contains(tag); });
  const SaveOptions options = copy_options(of, {.message = plan_.message.value_or(""),
                                                .metadata = plan_.settings,
                                                .tag = plan_.tag,
                                                .move_tag = plan_.move_tag,
                                                .layout = plan_.layout,
                                                .progress = std::move(progress)});
  ImportedVersion done = {.file = plan_.files.front(),
                          .source = version.info(),
                          .message = options.message,
                          .metadata = options.metadata};
  done.report = copy_version(store_, of, source, options);
  done.elapsed = Clock::now() - start;
  return done;
}

// Sets or moves the version's tags in the store. A tag that points elsewhere by now is a conflict.
void DatasetImport::set_tags(const VersionInfo& of, std::uint64_t number) {
  const auto taken = store_.tags();
  for (const std::string& tag : of.tags) {
    const auto found = taken.find(tag);
    if (found == taken.end()) {
      store_.tag(tag, number);
      outcome_.notes.push_back(fmt::format("version {} has the new tag `{}`", number, tag));
    } else if (found->second != number && ours_.contains(found->second)) {
      store_.tag(tag, number, false, found->second);
      outcome_.notes.push_back(fmt::format("the tag `{}` has moved from version {} to version {}",
                                           tag, found->second, number));
    } else if (found->second != number) {
      throw Error(ErrorCode::conflict,
                  fmt::format("someone else has set the tag `{}` meanwhile; it was not moved", tag),
                  plan_.store);
    }
  }
}

// Returns "versions 1–2 of `old.lance` are imported".
std::string DatasetImport::imported_text() const {
  if (imported_.empty()) return "nothing was imported";
  const bool one = imported_.size() == 1;
  return fmt::format("version{} {} of `{}` {} imported", one ? "" : "s", number_runs(imported_),
                     plan_.files.front(), one ? "is" : "are");
}

Error DatasetImport::explain(const VersionInfo& version, const Error& error, bool is_last) const {
  if (plan_.at) return error;
  const Error named(error.code(), fmt::format("version {}: {}", version.number, error.what()));
  return with_outcome(named,
                      imported_text() + (is_last ? "" : "; --at NUMBER imports a single version"));
}

void DatasetImport::save(Batch& batch) {
  const auto import_one = [&](std::size_t item) {
    const std::uint64_t number = versions_[item].number;
    const Version version = from_.at(number, {.dtype = plan_.dtype});
    const ImportedVersion done =
        save_version(version, batch.progress(fmt::format("version {}", number)));
    imported_.push_back(number);
    ours_.insert(done.report.version);
    batch.clear_bar();
    on_imported_(done);
    set_tags(version.info(), done.report.version);
  };
  const auto of_error = [&](std::size_t item, const Error& error) {
    return explain(versions_[item], error, item + 1 == versions_.size());
  };
  const auto of_signal = [&](std::size_t item) {
    if (imported_.empty()) return std::string();
    return fmt::format("{}; version {} and later ones are not", imported_text(),
                       versions_[item].number);
  };
  batch.run(versions_.size(), import_one, {.of_error = of_error, .of_signal = of_signal});
}

}  // namespace

DatasetOutcome import_dataset(const ImportPlan& plan, bool show_progress,
                              const OnImported& on_imported) {
  Batch batch(show_progress);
  return DatasetImport(plan, on_imported).run(batch);
}

}  // namespace lancekeep::cli
