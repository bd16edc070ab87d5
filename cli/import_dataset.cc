// SPDX-License-Identifier: Apache-2.0
#include "cli/import_dataset.h"

#include "cli/copy_version.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/target_store.h"
#include "cli/units.h"
#include "cli/watched_source.h"

#include <fmt/format.h>

#include <filesystem>

namespace lancekeep::cli {
namespace {

Store open_dataset(const std::string& folder) {
  try {
    return Store::open(folder);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid_argument) throw;
    throw with_outcome(error, "of a model in several files, name its .safetensors.index.json");
  }
}

class Import {
 public:
  Import(const DatasetImport& plan, bool show_progress)
      : plan_(plan), from_(open_dataset(plan.dataset)), to_(plan.store), bar_(show_progress) {}

  void run(const std::function<void(const ImportedVersion&)>& saved);

 private:
  void check_places() const;
  void find_versions();
  void check_tags() const;
  ImportedVersion save(const VersionInfo& version);
  Progress progress_of(const VersionInfo& version);
  [[nodiscard]] Error named(const Error& error, std::uint64_t version) const;
  // "versions 1–2 of `old.lance` are imported"
  [[nodiscard]] std::string outcome() const;

  const DatasetImport& plan_;
  const Store from_;
  TargetStore to_;
  std::vector<VersionInfo> versions_;
  std::vector<std::uint64_t> imported_;
  ProgressBar bar_;
};

void Import::check_places() const {
  std::error_code ignored;  // what is not there is not the same
  if (!std::filesystem::equivalent(plan_.dataset, plan_.store, ignored)) return;
  throw Error(ErrorCode::invalid_argument,
              "the dataset is the store itself; to make an earlier version the latest again, use "
              "lancekeep restore",
              plan_.store);
}

void Import::find_versions() {
  if (plan_.at) {
    versions_ = {from_.at(Ref::parse(*plan_.at), {.dtype = plan_.dtype}).info()};
  } else {
    versions_ = from_.versions();
  }
  if (versions_.empty())
    throw Error(ErrorCode::not_found, "the dataset has no version to import", plan_.dataset);
  if (plan_.tag.empty() || versions_.size() == 1) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("--tag names one version, and the dataset has {}; choose one with --at, "
                          "or tag it afterwards: lancekeep tag STORE NAME --at NUMBER",
                          versions_.size()));
}

void Import::check_tags() const {
  const std::optional<Store> store = to_.existing();
  if (!store) return;
  const auto taken = store->tags();
  for (const VersionInfo& version : versions_) {
    for (const std::string& tag : version.tags) {
      if (!taken.contains(tag)) continue;
      throw Error(ErrorCode::already_exists,
                  fmt::format("version {} of the dataset has the tag `{}`, which the store has "
                              "already; nothing was imported. Delete one of the two, or give it "
                              "another name: lancekeep tag STORE NEW --at {}; lancekeep tag STORE "
                              "-d {}",
                              version.number, tag, tag, tag),
                  plan_.store);
    }
  }
}

Progress Import::progress_of(const VersionInfo& version) {
  std::string place;
  if (versions_.size() > 1) {
    place = fmt::format("{} of {}  version {}  ", imported_.size() + 1, versions_.size(),
                        version.number);
  }
  return [this, place](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
    throw_if_interrupted();
    bar_.update(done, total, fmt::format("{}{}", place, tensor));
  };
}

ImportedVersion Import::save(const VersionInfo& version) {
  throw_if_interrupted();
  const auto start = std::chrono::steady_clock::now();
  const Version opened = from_.at(version.number, {.dtype = plan_.dtype});
  ImportedVersion done = {.source = opened.info()};
  WatchedSource source(opened.source(),
                       [](std::size_t, std::string_view) { throw_if_interrupted(); });
  SaveOptions options = {.message = plan_.message.value_or(""),
                         .metadata = plan_.settings,
                         .tag = plan_.tag,
                         .layout = plan_.layout,
                         .progress = progress_of(version)};
  const SaveOptions whole = copy_options(done.source, options);
  done.message = whole.message;
  done.metadata = whole.metadata;
  done.report = copy_version(to_.open(), done.source, source, std::move(options));
  done.elapsed = std::chrono::steady_clock::now() - start;
  return done;
}

Error Import::named(const Error& error, std::uint64_t version) const {
  if (plan_.at) return error;
  const Error with_version(error.code(), fmt::format("version {}: {}", version, error.what()));
  if (imported_.empty() && versions_.size() == 1) return with_version;
  const bool is_last = version == versions_.back().number;
  return with_outcome(with_version,
                      outcome() + (is_last ? "" : "; --at NUMBER imports one by itself"));
}

std::string Import::outcome() const {
  if (imported_.empty()) return "no version was imported";
  const bool one = imported_.size() == 1;
  return fmt::format("version{} {} of `{}` {} imported", one ? "" : "s", number_runs(imported_),
                     plan_.dataset, one ? "is" : "are");
}

void Import::run(const std::function<void(const ImportedVersion&)>& saved) {
  check_places();
  find_versions();
  check_tags();
  for (const VersionInfo& version : versions_) {
    try {
      const ImportedVersion done = save(version);
      imported_.push_back(version.number);
      bar_.clear();
      saved(done);
    } catch (const Error& error) {
      throw named(error, version.number);
    } catch (const Interrupted& interrupted) {
      if (imported_.empty()) throw;
      throw Interrupted(
          interrupted.signal(),
          fmt::format("{}, version {} and what follows it is not", outcome(), version.number));
    }
  }
}

}  // namespace

void import_dataset(const DatasetImport& plan, bool show_progress,
                    const std::function<void(const ImportedVersion&)>& saved) {
  const InterruptScope interrupts;
  Import(plan, show_progress).run(saved);
}

}  // namespace lancekeep::cli
