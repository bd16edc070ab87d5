// SPDX-License-Identifier: Apache-2.0
#include "cli/export_versions.h"

#include <lancekeep/new_store.h>
#include <lancekeep/tensors.h>

#include "cli/batch.h"
#include "cli/failure.h"
#include "cli/name_patterns.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <system_error>
#include <utility>

namespace lancekeep::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// --- names of targets ---

constexpr std::string_view kStart = "{version";
constexpr std::size_t kMaxDigits = 20;  // of a version's number

struct Placeholder {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t digits = 1;  // at least this many, padded with zeros
};

// Returns the first placeholder at or after `from`. If `file` has none, `begin` is the file's end.
Placeholder find_placeholder(const std::string& file, std::size_t from) {
  Placeholder place;
  place.begin = std::min(file.find(kStart, from), file.size());
  place.end = place.begin;
  if (place.begin == file.size()) return place;
  const std::size_t close = std::min(file.find('}', place.begin), file.size());
  const std::string rest =
      file.substr(place.begin + kStart.size(), close - place.begin - kStart.size());
  static const std::regex kPadding(":0([0-9]{1,2})");
  std::smatch padding;
  const bool is_padded = std::regex_match(rest, padding, kPadding);
  if (is_padded) place.digits = std::stoul(padding[1]);
  if (close == file.size() || !(rest.empty() || is_padded) || place.digits > kMaxDigits) {
    throw Error(ErrorCode::invalid_argument,
                "expected `{version}`, or `{version:04}` to pad it with zeros, found `" +
                    file.substr(place.begin, close + 1 - place.begin) + "`",
                file);
  }
  place.end = close + 1;
  return place;
}

[[noreturn]] void fail_exists(const fs::path& file) {
  throw Error(ErrorCode::already_exists, "the file already exists; --force overwrites it",
              file.string());
}

bool is_taken(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(file, ignored));
}

// Whether `name` is one of the shards of model.safetensors: model-00001-of-00002.safetensors.
bool is_shard(std::string name, const fs::path& target) {
  const std::string start = target.stem().string() + "-";
  const std::string ending = target.extension().string();
  if (!name.starts_with(start) || !name.ends_with(ending)) return false;
  if (name.size() < start.size() + ending.size()) return false;
  name = name.substr(start.size(), name.size() - start.size() - ending.size());
  static const std::regex kNumbers("[0-9]{5,}-of-[0-9]{5,}");
  return std::regex_match(name, kNumbers);
}

// --- model files ---

struct Target {
  std::uint64_t version = 0;
  std::string file;
  std::uint64_t start = 0;  // where its bytes begin among those of all targets
  std::uint64_t bytes = 0;
};

// What is exported of a version.
std::unique_ptr<TensorSource> source_of(const ExportPlan& plan, const Version& version) {
  auto source = matching_tensors(version, plan.tensors, plan.store);
  if (plan.strip_prefix.empty()) return source;
  return std::make_unique<WithoutPrefix>(std::move(source), plan.strip_prefix);
}

// Tied tensors count each time they are written.
std::uint64_t written_bytes(const TensorSource& source) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& tensor : source.tensors()) bytes += tensor.nbytes;
  return bytes;
}

Error with_version_number(const Error& error, std::uint64_t version, const std::string& outcome) {
  return with_outcome(Error(error.code(), fmt::format("version {}: {}", version, error.what())),
                      outcome);
}

Target target_of(const ExportPlan& plan, const Store& store, const Ref& ref, std::uint64_t start) {
  const Version version = store.at(ref, {.dtype = plan.dtype});
  const std::string file = with_version(plan.file, version.number());
  if (!plan.force) {
    check_is_free(file, plan.max_shard_bytes != 0 ? Shards::allowed : Shards::none);
  }
  const auto source = source_of(plan, version);
  return {version.number(), file, start, written_bytes(*source)};
}

std::vector<Target> find_targets(const ExportPlan& plan, const Store& store) {
  if (!plan.all) return {target_of(plan, store, Ref::parse(plan.at), 0)};
  std::vector<Target> targets;
  std::uint64_t bytes = 0;
  for (const VersionInfo& info : store.versions()) {
    throw_if_interrupted();
    try {
      targets.push_back(target_of(plan, store, info.number, bytes));
      bytes += targets.back().bytes;
    } catch (const Error& error) {
      throw with_version_number(error, info.number, "no version was written");
    }
  }
  if (targets.empty()) throw Error(ErrorCode::not_found, "no version to export", plan.store);
  return targets;
}

ExportedFile write_file(const ExportPlan& plan, const Store& store, const Target& target,
                        const Progress& progress) {
  const auto start = Clock::now();
  ExportedFile done = {.version = store.at(target.version, {.dtype = plan.dtype}),
                       .file = target.file};
  std::uint64_t bytes = 0;
  Watched source(source_of(plan, done.version), [&](std::size_t piece, std::string_view tensor) {
    bytes += piece;
    progress(bytes, target.bytes, tensor);
  });
  done.report = write_model_file(target.file, source,
                                 {.metadata = done.version.info().metadata,
                                  .max_shard_bytes = plan.max_shard_bytes,
                                  .tied_names = plan.tied_names});
  done.elapsed = Clock::now() - start;
  return done;
}

// --- datasets ---

std::vector<VersionInfo> versions_to_export(const ExportPlan& plan, const Store& store) {
  if (!plan.all) return {store.at(Ref::parse(plan.at), {.dtype = plan.dtype}).info()};
  std::vector<VersionInfo> versions = store.versions();
  if (versions.empty()) throw Error(ErrorCode::not_found, "no version to export", plan.store);
  return versions;
}

std::string dataset_folder(const ExportPlan& plan, std::uint64_t first_version) {
  if (plan.all && has_version(plan.file)) {
    throw Error(ErrorCode::invalid_argument,
                "with --layout, all versions go into one dataset: remove {version} from its name",
                plan.file);
  }
  const std::string folder = with_version(plan.file, first_version);
  std::error_code ignored;  // a path that does not exist is not the store
  if (fs::equivalent(plan.store, folder, ignored)) {
    throw Error(ErrorCode::invalid_argument,
                "this is the store itself; export to another folder, then move that folder",
                folder);
  }
  return folder;
}

// The plain layout has no place for a checkpoint's other values.
Error with_choice(const Error& error, Layout layout) {
  const bool is_of_a_value = error.message().find("leave it out") != std::string::npos;
  if (layout != Layout::plain || !is_of_a_value) return error;
  return with_outcome(error,
                      "--tensor \"model.*\" or --strip-prefix model. exports a part of a "
                      "checkpoint");
}

NewStore new_store(const std::string& folder, bool force) {
  try {
    return NewStore(folder, force ? NewStore::Existing::replace : NewStore::Existing::refuse);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::already_exists) throw;
    throw with_outcome(error, "--force replaces a Lance dataset");
  }
}

}  // namespace

bool has_version(const std::string& file) { return find_placeholder(file, 0).begin < file.size(); }

std::string with_version(const std::string& file, std::uint64_t version) {
  std::string text;
  std::size_t from = 0;
  for (Placeholder place = find_placeholder(file, from); place.begin < file.size();
       place = find_placeholder(file, from)) {
    text += file.substr(from, place.begin - from) + fmt::format("{:0{}}", version, place.digits);
    from = place.end;
  }
  return text + file.substr(from);
}

void check_is_free(const std::filesystem::path& target, Shards shards) {
  if (is_taken(target)) fail_exists(target);
  if (shards == Shards::none) return;
  const fs::path index = target.string() + ".index.json";
  if (is_taken(index)) fail_exists(index);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : ".";
  std::error_code unreadable;  // writing reports the error
  for (const auto& entry : fs::directory_iterator(folder, unreadable)) {
    if (is_shard(entry.path().filename().string(), target)) fail_exists(entry.path());
  }
}

void export_files(const ExportPlan& plan, bool show_progress,
                  const std::function<void(const ExportedFile&)>& on_exported) {
  Batch batch(show_progress);
  const Store store = Store::open(plan.store);
  const std::vector<Target> targets = find_targets(plan, store);
  const std::uint64_t bytes = targets.back().start + targets.back().bytes;
  std::vector<std::uint64_t> written;
  const auto outcome = [&] {
    return written.empty() ? "no version was written" : versions_are(written) + " written";
  };
  const auto export_one = [&](std::size_t item) {
    const Target& target = targets[item];
    const ExportedFile done =
        write_file(plan, store, target, batch.progress("", target.start, bytes));
    written.push_back(target.version);
    batch.clear_bar();
    on_exported(done);
  };
  const auto of_error = [&](std::size_t item, const Error& error) {
    return plan.all ? with_version_number(error, targets[item].version, outcome()) : error;
  };
  const auto of_signal = [&](std::size_t) { return written.empty() ? "" : outcome(); };
  batch.run(targets.size(), export_one, {.of_error = of_error, .of_signal = of_signal});
}

ExportedDataset export_dataset(const ExportPlan& plan, Layout layout, bool show_progress) {
  const auto start = Clock::now();
  Batch batch(show_progress);
  const Store store = Store::open(plan.store);
  const std::vector<VersionInfo> versions = versions_to_export(plan, store);
  ExportedDataset done = {.folder = dataset_folder(plan, versions.front().number)};
  NewStore target = new_store(done.folder, plan.force);
  const auto export_one = [&](std::size_t item) {
    const Version version = store.at(versions[item].number, {.dtype = plan.dtype});
    Watched source(source_of(plan, version),
                   [](std::size_t, std::string_view) { throw_if_interrupted(); });
    const SaveOptions options =
        copy_options(version.info(), {.layout = layout, .progress = batch.progress()});
    done.versions.push_back(
        {versions[item], copy_version(target.store(), version.info(), source, options)});
  };
  const auto of_error = [&](std::size_t item, const Error& cause) {
    const Error error = with_choice(cause, layout);
    return plan.all ? with_version_number(error, versions[item].number, "nothing was written")
                    : error;
  };
  batch.run(versions.size(), export_one, {.of_error = of_error});
  throw_if_interrupted();
  done.notes = target.publish();
  done.elapsed = Clock::now() - start;
  return done;
}

}  // namespace lancekeep::cli
