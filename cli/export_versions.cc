// SPDX-License-Identifier: Apache-2.0
#include "cli/export_versions.h"

#include "cli/export_source.h"
#include "cli/export_target.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "cli/watched_source.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

struct Target {
  std::uint64_t version = 0;
  std::string file;
  std::uint64_t start = 0;  // among the bytes of all
};

class Export {
 public:
  Export(const ExportPlan& plan, bool show_progress)
      : plan_(plan), store_(Store::open(plan.store)), bar_(show_progress) {}

  void run(const std::function<void(const ExportedVersion&)>& written);

 private:
  void find_targets();
  void add_target(const Ref& ref);
  ExportedVersion write(const Target& target);
  [[nodiscard]] Version open(const Ref& ref) const;
  [[nodiscard]] std::unique_ptr<TensorSource> source_of(const Version& version) const;
  // The error with the version and what was written.
  [[nodiscard]] Error named(const Error& error, std::uint64_t version) const;
  // "versions 1–2 are written"
  [[nodiscard]] std::string outcome() const;

  const ExportPlan& plan_;
  const Store store_;
  std::vector<Target> targets_;
  std::uint64_t bytes_ = 0;
  std::vector<std::uint64_t> written_;
  ProgressBar bar_;
};

Version Export::open(const Ref& ref) const { return store_.at(ref, {.dtype = plan_.dtype}); }

std::unique_ptr<TensorSource> Export::source_of(const Version& version) const {
  return selected_tensors(version, plan_.tensors, plan_.store);
}

void Export::add_target(const Ref& ref) {
  const Version version = open(ref);
  const std::string file = with_version(plan_.file, version.number());
  if (!plan_.force) {
    const bool sharded = plan_.max_shard_bytes != 0;
    require_nothing_there(file, sharded ? Shards::allowed : Shards::none);
  }
  targets_.push_back({version.number(), file, bytes_});
  bytes_ += bytes_of(*source_of(version));
}

void Export::find_targets() {
  if (!plan_.all) return add_target(Ref::parse(plan_.at));
  for (const VersionInfo& info : store_.versions()) {
    throw_if_interrupted();
    try {
      add_target(info.number);
    } catch (const Error& error) {
      throw named(error, info.number);
    }
  }
  if (targets_.empty()) throw Error(ErrorCode::not_found, "no version to export", plan_.store);
}

ExportedVersion Export::write(const Target& target) {
  const auto start = std::chrono::steady_clock::now();
  throw_if_interrupted();
  ExportedVersion done = {.version = open(target.version), .file = target.file};
  const std::string place =
      targets_.size() == 1 ? "" : fmt::format("{} of {}  ", written_.size() + 1, targets_.size());
  std::uint64_t bytes = target.start;
  WatchedSource source(source_of(done.version), [&](std::size_t piece, std::string_view tensor) {
    throw_if_interrupted();
    bytes += piece;
    bar_.update(bytes, bytes_, fmt::format("{}{}", place, tensor));
  });
  done.report = write_model_file(
      target.file, source,
      {.metadata = done.version.info().metadata, .max_shard_bytes = plan_.max_shard_bytes});
  done.elapsed = std::chrono::steady_clock::now() - start;
  return done;
}

Error Export::named(const Error& error, std::uint64_t version) const {
  if (!plan_.all) return error;
  return with_outcome(Error(error.code(), fmt::format("version {}: {}", version, error.what())),
                      outcome());
}

std::string Export::outcome() const {
  if (written_.empty()) return "no version was written";
  return versions_are(written_) + " written";
}

void Export::run(const std::function<void(const ExportedVersion&)>& written) {
  find_targets();
  for (const Target& target : targets_) {
    try {
      const ExportedVersion done = write(target);
      written_.push_back(target.version);
      bar_.clear();
      written(done);
    } catch (const Error& error) {
      throw named(error, target.version);
    } catch (const Interrupted& interrupted) {
      if (written_.empty()) throw;
      throw Interrupted(interrupted.signal(), outcome());
    }
  }
}

}  // namespace

void export_versions(const ExportPlan& plan, bool show_progress,
                     const std::function<void(const ExportedVersion&)>& written) {
  const InterruptScope interrupts;
  Export(plan, show_progress).run(written);
}

}  // namespace lancekeep::cli
