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

// A source that stops after a signal.
Watched interruptible(std::unique_ptr<TensorSource> source) {
  return {std::move(source), [](std::size_t, std::string_view) { throw_if_interrupted(); }};
}

// --- model files ---

// Whether the file can be read without the objects that are in it.
bool has_only_objects_against_it(const ImportPlan& plan, const std::string& file,
                                 const Error& error) {
  const bool may_have_objects =
      error.code() == ErrorCode::unsafe || error.code() == ErrorCode::unsupported;
  if (!may_have_objects || plan.read.skip_objects) return false;
  ImportOptions options = plan.read;
  options.skip_objects = true;
  try {
    return !open_model(file, options)->tensors().empty();
  } catch (const Error&) {
    return false;
  }
}

std::unique_ptr<TensorSource> open_file(const ImportPlan& plan, const std::string& file) {
  try {
    return open_model(file, plan.read);
  } catch (const Error& error) {
    if (!has_only_objects_against_it(plan, file, error)) throw;
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
                               .layout = plan.layout,
                               .progress = std::move(progress)};
  throw_if_interrupted();
  done.report = store.save(source, options);
  done.elapsed = Clock::now() - start;
  return done;
}

// --- datasets ---

Store open_dataset(const std::string& folder) {
  try {
    return Store::open(folder);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid_argument) throw;
    throw with_outcome(error, "for a model in several files, give its .safetensors.index.json");
  }
}

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

void check_tags_are_free(const std::vector<VersionInfo>& versions, const std::string& path,
                         const Store& store) {
  const auto taken = store.tags();
  for (const VersionInfo& version : versions) {
    for (const std::string& tag : version.tags) {
      if (!taken.contains(tag)) continue;
      throw Error(ErrorCode::already_exists,
                  fmt::format("version {} of the dataset has the tag `{}`, which the store already "
                              "has; nothing was imported. Delete one of them, or rename it: "
                              "lancekeep tag STORE NEW --at {}; lancekeep tag STORE -d {}",
                              version.number, tag, tag, tag),
                  path);
    }
  }
}

ImportedVersion import_version(const ImportPlan& plan, const Version& version, Store& store,
                               Progress progress) {
  const auto start = Clock::now();
  Watched source = interruptible(version.source());
  const SaveOptions options = copy_options(version.info(), {.message = plan.message.value_or(""),
                                                            .metadata = plan.settings,
                                                            .tag = plan.tag,
                                                            .layout = plan.layout,
                                                            .progress = std::move(progress)});
  ImportedVersion done = {.file = plan.files.front(),
                          .source = version.info(),
                          .message = options.message,
                          .metadata = options.metadata};
  done.report = copy_version(store, version.info(), source, options);
  done.elapsed = Clock::now() - start;
  return done;
}

// Returns "versions 1–2 of `old.lance` are imported".
std::string imported_text(const std::vector<std::uint64_t>& versions, const std::string& dataset) {
  if (versions.empty()) return "no version was imported";
  const bool one = versions.size() == 1;
  return fmt::format("version{} {} of `{}` {} imported", one ? "" : "s", number_runs(versions),
                     dataset, one ? "is" : "are");
}

}  // namespace

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

void import_dataset(const ImportPlan& plan, bool show_progress, const OnImported& on_imported) {
  const std::string& dataset = plan.files.front();
  Batch batch(show_progress);
  const Store from = open_dataset(dataset);
  check_is_another(dataset, plan.store);
  Store store = Store::create(plan.store);
  const std::vector<VersionInfo> versions = versions_to_import(plan, from);
  check_tags_are_free(versions, plan.store, store);
  std::vector<std::uint64_t> imported;
  const auto import_one = [&](std::size_t item) {
    const std::uint64_t number = versions[item].number;
    const Version version = from.at(number, {.dtype = plan.dtype});
    Progress progress = batch.progress(fmt::format("version {}", number));
    const ImportedVersion done = import_version(plan, version, store, std::move(progress));
    imported.push_back(number);
    batch.clear_bar();
    on_imported(done);
  };
  const auto of_error = [&](std::size_t item, const Error& error) {
    if (plan.at) return error;
    const Error named(error.code(),
                      fmt::format("version {}: {}", versions[item].number, error.what()));
    if (imported.empty() && versions.size() == 1) return named;
    const bool is_last = item + 1 == versions.size();
    return with_outcome(named, imported_text(imported, dataset) +
                                   (is_last ? "" : "; --at NUMBER imports a single version"));
  };
  const auto of_signal = [&](std::size_t item) {
    if (imported.empty()) return std::string();
    return fmt::format("{}; version {} and later ones are not", imported_text(imported, dataset),
                       versions[item].number);
  };
  batch.run(versions.size(), import_one, {.of_error = of_error, .of_signal = of_signal});
}

}  // namespace lancekeep::cli
