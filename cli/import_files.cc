// SPDX-License-Identifier: Apache-2.0
#include "cli/import_files.h"

#include <lancekeep/formats.h>

#include "cli/escape.h"
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

// What a save of the source counts as its progress.
std::uint64_t bytes_of(const TensorSource& source) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& tensor : source.tensors()) {
    if (!tensor.tied_to) bytes += tensor.nbytes;
  }
  return bytes;
}

// What a file says under a key that the store keeps for itself was never this version's, and is
// left out.
Metadata merged_metadata(Metadata of_file, const Metadata& settings) {
  std::erase_if(of_file, [](const auto& pair) {
    return pair.first.empty() || pair.first.starts_with("lancekeep.") ||
           pair.first.starts_with("__lance");
  });
  for (const auto& [key, value] : settings) of_file.insert_or_assign(key, value);
  return of_file;
}

class Import {
 public:
  Import(const ImportPlan& plan, bool show_progress)
      : plan_(plan), several_(plan.files.size() > 1), store_(plan.store), bar_(show_progress) {}

  void run(const std::function<void(const ImportedFile&)>& saved);

 private:
  void check_all();
  ImportedFile save(std::size_t index);
  Progress progress_of(std::size_t index);
  [[nodiscard]] std::string message_of(const std::string& file) const;
  [[nodiscard]] Error named(const Error& error, const std::string& file) const;
  // "versions 1–2 are saved"
  [[nodiscard]] std::string outcome() const;

  const ImportPlan& plan_;
  const bool several_;
  TargetStore store_;
  std::vector<std::uint64_t> starts_ = {0};  // of each file among all their bytes, and the end
  std::vector<std::uint64_t> versions_;      // that were saved
  ProgressBar bar_;
};

void Import::check_all() {
  for (const std::string& file : plan_.files) {
    throw_if_interrupted();
    try {
      starts_.push_back(starts_.back() + bytes_of(*open_model_file(file)));
    } catch (const Error& error) {
      throw with_outcome(error, "none of the files was saved");
    }
  }
}

std::string Import::message_of(const std::string& file) const {
  if (plan_.message) return *plan_.message;
  return several_ ? escape_line(std::filesystem::path(file).filename().string()) : "";
}

Progress Import::progress_of(std::size_t index) {
  return [this, index](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
    throw_if_interrupted();
    if (!several_) return bar_.update(done, total, tensor);
    const std::string file = std::filesystem::path(plan_.files[index]).filename().string();
    bar_.update(starts_[index] + done, starts_.back(),
                fmt::format("{} of {}  {}  {}", index + 1, plan_.files.size(), file, tensor));
  };
}

ImportedFile Import::save(std::size_t index) {
  throw_if_interrupted();
  const auto start = std::chrono::steady_clock::now();
  ImportedFile done = {.file = plan_.files[index], .message = message_of(plan_.files[index])};
  std::unique_ptr<TensorSource> file = open_model_file(done.file);
  SaveOptions save;
  save.message = done.message;
  save.metadata = merged_metadata(file->metadata(), plan_.settings);
  save.tag = plan_.tag;
  save.layout = plan_.layout;
  save.progress = progress_of(index);
  WatchedSource source(std::move(file),
                       [](std::size_t, std::string_view) { throw_if_interrupted(); });
  throw_if_interrupted();
  done.report = store_.open().save(source, save);
  done.elapsed = std::chrono::steady_clock::now() - start;
  return done;
}

Error Import::named(const Error& error, const std::string& file) const {
  if (!several_ || error.file() == file) return error;
  return Error(error.code(), error.what(), file);
}

std::string Import::outcome() const { return versions_are(versions_) + " saved"; }

void Import::run(const std::function<void(const ImportedFile&)>& saved) {
  if (several_) check_all();
  for (std::size_t i = 0; i < plan_.files.size(); ++i) {
    try {
      const ImportedFile done = save(i);
      versions_.push_back(done.report.version);
      bar_.clear();
      saved(done);
    } catch (const Error& error) {
      if (versions_.empty()) throw named(error, plan_.files[i]);
      throw with_outcome(named(error, plan_.files[i]), outcome());
    } catch (const Interrupted& interrupted) {
      if (versions_.empty()) throw;
      throw Interrupted(interrupted.signal(), fmt::format("{}, `{}` and what follows it is not",
                                                          outcome(), plan_.files[i]));
    }
  }
}

}  // namespace

void import_files(const ImportPlan& plan, bool show_progress,
                  const std::function<void(const ImportedFile&)>& saved) {
  const InterruptScope interrupts;
  Import(plan, show_progress).run(saved);
}

}  // namespace lancekeep::cli
