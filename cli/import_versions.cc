// SPDX-License-Identifier: Apache-2.0
#include "cli/import_versions.h"

#include <lancekeep/formats.h>
#include <lancekeep/tensors.h>

#include "cli/batch.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <utility>

namespace lancekeep::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::unique_ptr<TensorSource> open_file(const ImportPlan& plan, const std::string& file) {
  try {
    return open_model(file, plan.read);
  } catch (const Error& error) {
    if (!can_skip_objects(file, plan.read, error)) throw;
    throw with_outcome(error,
                       "--skip-objects imports the tensors and plain values of the file without "
                       "its objects");
  }
}

// Opens each file. Returns where each file's bytes begin among those of all files, then their sum.
std::vector<std::uint64_t> check_files(const ImportPlan& plan) {
  std::vector<std::uint64_t> starts = {0};
  for (const std::string& file : plan.files) {
    throw_if_interrupted();
    try {
      starts.push_back(starts.back() + total_nbytes(open_file(plan, file)->tensors()));
    } catch (const Error& error) {
      throw with_outcome(error, "none of the files was saved");
    }
  }
  return starts;
}

// Leaves out the file's keys that a store reserves for itself: they describe another version.
Metadata file_metadata(Metadata of_file, const Metadata& settings) {
  std::erase_if(of_file, [](const auto& pair) {
    return pair.first.empty() || pair.first.starts_with("lancekeep.") ||
           pair.first.starts_with("__lance");
  });
  for (const auto& [key, value] : settings) of_file.insert_or_assign(key, value);
  return of_file;
}

std::string file_name(const std::string& file) { return fs::path(file).filename().string(); }

ImportedVersion import_file(const ImportPlan& plan, const std::string& file, Store& store,
                            Progress progress) {
  const auto start = Clock::now();
  Watched source = interruptible(open_file(plan, file));
  ImportedVersion done = {.file = file};
  done.message = plan.message.value_or(plan.has_several() ? escape_line(file_name(file)) : "");
  done.metadata = file_metadata(source.metadata(), plan.settings);
  const SaveOptions options = {.message = done.message,
                               .metadata = done.metadata,
                               .tag = plan.tag,
                               .move_tag = plan.move_tag,
                               .layout = plan.layout,
                               .progress = std::move(progress)};
  throw_if_interrupted();
  done.report = store.save(source, options);
  done.elapsed = Clock::now() - start;
  return done;
}

}  // namespace

Watched interruptible(std::unique_ptr<TensorSource> source) {
  return {std::move(source), [](std::size_t, std::string_view) { throw_if_interrupted(); }};
}

void import_files(const ImportPlan& plan, bool show_progress, const OnImported& on_imported) {
  const std::vector<std::string>& files = plan.files;
  Batch batch(show_progress);
  const std::vector<std::uint64_t> starts =
      plan.has_several() ? check_files(plan) : std::vector<std::uint64_t>{0};
  Store store = Store::create(plan.store);
  std::vector<std::uint64_t> saved;
  const auto import_one = [&](std::size_t item) {
    Progress progress = batch.progress(file_name(files[item]), starts[item],
                                       plan.has_several() ? starts.back() : 0);
    const ImportedVersion done = import_file(plan, files[item], store, std::move(progress));
    saved.push_back(done.report.version);
    batch.clear_bar();
    on_imported(done);
  };
  const auto of_error = [&](std::size_t item, const Error& error) {
    const bool add_file = plan.has_several() && error.file() != files[item];
    const Error named = add_file ? Error(error.code(), error.what(), files[item]) : error;
    return saved.empty() ? named : with_outcome(named, versions_are(saved) + " saved");
  };
  const auto of_signal = [&](std::size_t item) {
    if (saved.empty()) return std::string();
    return fmt::format("{} saved; `{}` and the files after it are not", versions_are(saved),
                       files[item]);
  };
  batch.run(files.size(), import_one, {.of_error = of_error, .of_signal = of_signal});
}

}  // namespace lancekeep::cli
