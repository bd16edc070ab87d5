// SPDX-License-Identifier: Apache-2.0
#include "cli/export_dataset.h"

#include <lancekeep/new_store.h>

#include "cli/copy_version.h"
#include "cli/export_source.h"
#include "cli/export_target.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/watched_source.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>

namespace lancekeep::cli {
namespace {

class Export {
 public:
  Export(const ExportPlan& plan, Layout layout, bool show_progress)
      : plan_(plan), layout_(layout), store_(Store::open(plan.store)), bar_(show_progress) {}

  ExportedDataset run();

 private:
  void find_versions();
  void find_folder();
  void save(NewStore& target, const VersionInfo& version);
  Progress progress();
  [[nodiscard]] Error named(const Error& error, std::uint64_t version) const;

  const ExportPlan& plan_;
  const Layout layout_;
  const Store store_;
  std::vector<VersionInfo> versions_;
  ExportedDataset done_;
  ProgressBar bar_;
};

void Export::find_versions() {
  if (plan_.all) {
    versions_ = store_.versions();
  } else {
    versions_ = {store_.at(Ref::parse(plan_.at), {.dtype = plan_.dtype}).info()};
  }
  if (versions_.empty()) throw Error(ErrorCode::not_found, "no version to export", plan_.store);
}

void Export::find_folder() {
  if (plan_.all && has_version(plan_.file)) {
    throw Error(ErrorCode::invalid_argument,
                "with --layout all versions go into one dataset: leave {version} out of its name",
                plan_.file);
  }
  done_.folder = with_version(plan_.file, versions_.front().number);
  std::error_code ignored;  // what is not there is not the same
  if (std::filesystem::equivalent(plan_.store, done_.folder, ignored)) {
    throw Error(ErrorCode::invalid_argument,
                "this is the store itself; export to another folder, and move it when it is there",
                done_.folder);
  }
}

Progress Export::progress() {
  std::string place;
  if (versions_.size() > 1)
    place = fmt::format("{} of {}  ", done_.versions.size() + 1, versions_.size());
  return [this, place](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
    throw_if_interrupted();
    bar_.update(done, total, fmt::format("{}{}", place, tensor));
  };
}

void Export::save(NewStore& target, const VersionInfo& version) {
  throw_if_interrupted();
  const Version opened = store_.at(version.number, {.dtype = plan_.dtype});
  WatchedSource source(selected_tensors(opened, plan_.tensors, plan_.store),
                       [](std::size_t, std::string_view) { throw_if_interrupted(); });
  const SaveReport report = copy_version(target.store(), opened.info(), source,
                                         {.layout = layout_, .progress = progress()});
  done_.versions.push_back({version, report});
}

Error Export::named(const Error& error, std::uint64_t version) const {
  if (!plan_.all) return error;
  return with_outcome(Error(error.code(), fmt::format("version {}: {}", version, error.what())),
                      "nothing was written");
}

// The library does not know what --force is.
NewStore new_store(const std::string& folder, bool force) {
  try {
    return NewStore(folder, force ? NewStore::Existing::replace : NewStore::Existing::refuse);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::already_exists) throw;
    throw with_outcome(error, "--force replaces a Lance dataset");
  }
}

ExportedDataset Export::run() {
  const auto start = std::chrono::steady_clock::now();
  find_versions();
  find_folder();
  NewStore target = new_store(done_.folder, plan_.force);
  for (const VersionInfo& version : versions_) {
    try {
      save(target, version);
    } catch (const Error& error) {
      throw named(error, version.number);
    }
  }
  throw_if_interrupted();
  done_.notes = target.publish();
  done_.elapsed = std::chrono::steady_clock::now() - start;
  return std::move(done_);
}

}  // namespace

ExportedDataset export_dataset(const ExportPlan& plan, Layout layout, bool show_progress) {
  const InterruptScope interrupts;
  return Export(plan, layout, show_progress).run();
}

}  // namespace lancekeep::cli
