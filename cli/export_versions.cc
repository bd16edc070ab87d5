// SPDX-License-Identifier: Apache-2.0
#include "cli/export_versions.h"

#include "cli/export_target.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/name_patterns.h"
#include "cli/progress.h"
#include "cli/selected_source.h"
#include "cli/units.h"
#include "cli/watched_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
  std::unique_ptr<TensorSource> source_of(const Version& version) const;
  /// The error with the version and what was written.
  [[nodiscard]] Error named(const Error& error, std::uint64_t version) const;
  /// "versions 1–2 are written"
  [[nodiscard]] std::string outcome() const;

  const ExportPlan& plan_;
  const Store store_;
  std::vector<Target> targets_;
  std::uint64_t bytes_ = 0;
  std::vector<std::uint64_t> written_;
  ProgressBar bar_;
};

std::unique_ptr<TensorSource> Export::source_of(const Version& version) const {
  if (plan_.tensors.empty()) return version.source();
  NamePatterns names(plan_.tensors);
  auto source = std::make_unique<SelectedSource>(
      version.source(), [&](std::string_view name) { return names.takes(name); });
  if (const auto unused = names.unused(); !unused.empty()) {
    throw Error(ErrorCode::not_found,
                fmt::format("version {} has no tensor named `{}`, or matching that; `lancekeep ls` "
                            "lists what it has",
                            version.number(), fmt::join(unused, "`, `")),
                plan_.store);
  }
  return source;
}

void Export::add_target(const Ref& ref) {
  const Version version = store_.at(ref);
  const std::string file = with_version(plan_.file, version.number());
  if (!plan_.force) {
    const bool sharded = plan_.max_shard_bytes != 0;
    require_nothing_there(file, sharded ? Shards::allowed : Shards::none);
  }
  targets_.push_back({version.number(), file, bytes_});
  const std::unique_ptr<TensorSource> source = source_of(version);
  for (const TensorSpec& tensor : source->tensors()) bytes_ += tensor.nbytes;
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
  ExportedVersion done = {.version = store_.at(target.version), .file = target.file};
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
