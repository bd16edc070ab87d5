// SPDX-License-Identifier: Apache-2.0
// lancekeep import: saves model files, or the versions of a dataset, as new versions of a store.
#include "cli/arguments.h"
#include "cli/import_versions.h"
#include "cli/json.h"
#include "cli/natural_order.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>

namespace lancekeep::cli {
namespace {

struct ImportLine {
  ImportPlan plan;
  std::vector<std::string> settings;
  bool natural = false;
  bool quiet = false;
};

// --- checking the line ---

Metadata parse_settings(const std::vector<std::string>& settings) {
  Metadata metadata;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ErrorCode::invalid_argument,
                  fmt::format("--set expects KEY=VALUE, got `{}`", setting));
    }
    metadata.insert_or_assign(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return metadata;
}

// Any other folder can have a model in it.
bool is_dataset(const std::string& folder) {
  std::error_code ignored;  // opening it reports the error
  return std::filesystem::is_directory(std::filesystem::path(folder) / "_versions", ignored);
}

// Replaces the files of one model by the path that opens it.
void group_files(ImportPlan& plan) {
  const std::vector<std::filesystem::path> paths(plan.files.begin(), plan.files.end());
  plan.files.clear();
  for (const std::filesystem::path& path : model_paths(paths)) plan.files.push_back(path.string());
}

void check_several(const ImportPlan& plan) {
  if (!plan.has_several()) return;
  const auto dataset = std::ranges::find_if(plan.files, is_dataset);
  if (dataset != plan.files.end()) {
    throw Error(ErrorCode::invalid_argument,
                "found a folder among several files; a Lance dataset has versions of its own and "
                "must be imported by itself",
                *dataset);
  }
  if (!plan.tag.empty()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("--tag names one version, but {} files make {}; tag one of them "
                            "afterwards: lancekeep tag STORE NAME --at NUMBER",
                            plan.files.size(), plan.files.size()));
  }
}

// The last argument is the store, which people forget.
void check_store(const ImportPlan& plan) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(plan.store, ignored)) return;
  throw Error(ErrorCode::invalid_argument,
              "expected the store's folder as the last argument, found a file; did you forget the "
              "store? lancekeep import FILE... STORE",
              plan.store);
}

bool is_numpy_file(const std::string& file) {
  return file.ends_with(".npz") || file.ends_with(".npy");
}

// A model file has only one version, and its tensors keep their own dtypes, except for NumPy's
// arrays of raw bytes.
void check_needs_no_dataset(const ImportPlan& plan) {
  if (plan.at) {
    throw Error(ErrorCode::invalid_argument, "--at is for Lance datasets only, found a model file",
                plan.files.front());
  }
  const auto other = std::ranges::find_if_not(plan.files, is_numpy_file);
  if (plan.dtype.empty() || other == plan.files.end()) return;
  throw Error(ErrorCode::invalid_argument,
              "--dtype is for Lance datasets, and for raw bytes in NumPy's .npz and .npy files; "
              "found another model file",
              *other);
}

void check_needs_no_files(const ImportPlan& plan) {
  if (!plan.read.skip_objects) return;
  throw Error(ErrorCode::invalid_argument,
              "--skip-objects is for model files, found a Lance dataset", plan.files.front());
}

// --- printing ---

void print_text(const ImportPlan& plan, const ImportedVersion& done) {
  std::string line = save_summary(plan.store, done.report, done.elapsed);
  if (done.source) {
    line += fmt::format("; from version {} of {}", done.source->number,
                        utc_time(done.source->time, TimePrecision::seconds));
  }
  print(line + "\n");
  for (const std::string& note : done.report.notes) print_note(note);
}

Json counts(const ImportedVersion& done) {
  const SaveReport& report = done.report;
  return Json::object({{"tensors_written", report.tensors_written},
                       {"tensors_kept", report.tensors_kept},
                       {"bytes_written", report.bytes_written},
                       {"bytes_shared", report.bytes_shared},
                       {"bytes_total", report.bytes_total},
                       {"seconds", seconds(done.elapsed)},
                       {"notes", report.notes}});
}

Json to_json(const ImportedVersion& done) {
  Json version = Json::object({{"version", done.report.version}});
  if (done.source) {
    version.add("source_version", done.source->number)
        .add("message", done.message)
        .add("metadata", done.metadata)
        .add("tags", done.source->tags);
  } else {
    version.add("file", done.file).add("message", done.message);
  }
  return version.add(counts(done));
}

Json to_json(const std::vector<ImportedVersion>& all) {
  Json::Array versions;
  for (const ImportedVersion& done : all) versions.push_back(to_json(done));
  return versions;
}

Json files_as_json(const ImportPlan& plan, const std::vector<ImportedVersion>& all) {
  Json document = Json::object({{"store", plan.store}});
  if (plan.has_several()) {
    return document.add("versions", to_json(all))
        .add("warning", text_or_null(order_note(plan.files)));
  }
  document.add("version", all.front().report.version).add("tag", text_or_null(plan.tag));
  return document.add(counts(all.front()));
}

Json dataset_as_json(const ImportPlan& plan, const std::vector<ImportedVersion>& all,
                     const DatasetOutcome& outcome) {
  return Json::object({{"store", plan.store},
                       {"dataset", plan.files.front()},
                       {"versions", to_json(all)},
                       {"already_there", outcome.already_there},
                       {"notes", outcome.notes}});
}

void print_text(const ImportPlan& plan, const DatasetOutcome& outcome) {
  if (!outcome.already_there.empty()) {
    print(escape_line(fmt::format("{} already has version{} {} of {}", plan.store,
                                  outcome.already_there.size() == 1 ? "" : "s",
                                  number_runs(outcome.already_there), plan.files.front())) +
          "\n");
  }
  for (const std::string& note : outcome.notes) print_note(note);
}

// --- running ---

ExitCode run_files(const ImportLine& line, bool json) {
  const ImportPlan& plan = line.plan;
  const bool talks = !json && !line.quiet;
  if (const std::string note = order_note(plan.files); talks && !note.empty()) print_note(note);
  std::vector<ImportedVersion> all;
  import_files(plan, talks, [&](const ImportedVersion& done) {
    all.push_back(done);
    if (talks) print_text(plan, done);
    if (json && all.size() == plan.files.size()) print_json(files_as_json(plan, all));
  });
  return ExitCode::ok;
}

ExitCode run_dataset(const ImportLine& line, bool json) {
  check_needs_no_files(line.plan);
  const bool talks = !json && !line.quiet;
  std::vector<ImportedVersion> all;
  const auto outcome = import_dataset(line.plan, talks, [&](const ImportedVersion& done) {
    all.push_back(done);
    if (talks) print_text(line.plan, done);
  });
  if (talks) print_text(line.plan, outcome);
  if (json) print_json(dataset_as_json(line.plan, all, outcome));
  return ExitCode::ok;
}

ExitCode run_import(ImportLine line, bool json) {
  ImportPlan& plan = line.plan;
  plan.settings = parse_settings(line.settings);
  check_store(plan);
  if (plan.files.size() > 1 || !is_dataset(plan.files.front())) group_files(plan);
  check_several(plan);
  if (is_dataset(plan.files.front())) return run_dataset(line, json);
  check_needs_no_dataset(plan);
  plan.read.void_dtype = plan.dtype;
  if (line.natural) std::ranges::stable_sort(plan.files, natural_less);
  return run_files(line, json);
}

}  // namespace

void add_import(CommandLine& command) {
  Verb verb = command.add_verb(
      "import", "Save model files, or the versions of a dataset, as new versions of a store", R"(
  lancekeep import model.safetensors model.lance -m "first"
  lancekeep import epoch2.pth model.lance --set epoch=2 --set loss=0.31 --tag best
  lancekeep import epoch3.pth model.lance --tag best --move-tag
  lancekeep import checkpoint.ckpt model.lance --skip-objects
  lancekeep import epoch-*.pt model.lance --natural   (one version each; epoch-2 before epoch-10)
  lancekeep import weights.lance model.lance --dtype float32   (a dataset with all its versions)
  lancekeep import model.safetensors plain.lance --layout plain

Reads .safetensors, the .safetensors.index.json of a model in several files, torch's .pth, .pt and
.bin (state dicts and training checkpoints), NumPy's .npz and .npy, a folder with one of these, and
Lance datasets. A file's kind is detected from its content. Files named model-00001-of-00003.* are
one model; if there is an index, give the index. If there are several models, all are checked before
the first is saved, and --json prints
{"store", "versions": [{"version", "file", "message", ...}], "warning"}.

A checkpoint that holds objects, such as an argparse.Namespace or a whole module, is rejected with
their classes and keys. With --skip-objects, its tensors and plain values are imported: objects
become plain data, such as a dict of their attributes, or are left out, and notes list them. No code
of a file is ever run. Of .npz files, text and other arrays that are not numbers are left out, with
a note.

Importing a dataset, native or plain, copies all its versions, oldest first, with their message,
metadata and tags. Their time and number become source_time and source_version in the metadata;
log shows the time. Importing it again copies only the versions that are new, and moves the tags.
Versions that are not models, and branches, are left out with a note. --json prints
{"store", "dataset", "versions": [{"version", "source_version", ...}], "already_there", "notes"}.
)");
  auto line = std::make_shared<ImportLine>();
  ImportPlan& plan = line->plan;
  verb.files_and_store(
      plan.files,
      "Model files, one version each: .safetensors, .safetensors.index.json, .pth, "
      ".pt, .bin, .npz, .npy; or a folder with one of these; or the folder of one Lance dataset",
      plan.store, "The store's folder; created if it does not exist");
  verb.option("-m,--message", "MESSAGE", plan.message,
              "Message of each version (default: none for one file, the file's name for several; "
              "for a dataset, each version's own message)");
  verb.option("--set", "KEY=VALUE", line->settings, "Metadata of each version; can be repeated");
  Argument tag =
      verb.option("--tag", "NAME", plan.tag,
                  "Tag the new version; the tag must not exist. Only for a single version");
  tag.check([](const std::string& name) {
    return name.empty() ? std::string("a tag's name cannot be empty") : std::string();
  });
  verb.flag("--move-tag", plan.move_tag, "The tag may exist: move it to the new version")
      .needs(tag);
  verb.option("--at", "REF", plan.at,
              "Import only this version of a dataset: a number, a tag, or latest");
  verb.dtype(plan.dtype);
  verb.layout(plan.layout,
              "Layout of a new store: native (the default), or plain, with numbers as lists of "
              "float64");
  verb.flag("--skip-objects", plan.read.skip_objects,
            "Import a checkpoint's tensors and plain values without the objects that are in it");
  verb.flag("--natural", line->natural,
            "Sort the files by the numbers in their names (epoch-2 before epoch-10)");
  verb.quiet(line->quiet);
  verb.runs([line](bool json) { return run_import(*line, json); });
}

}  // namespace lancekeep::cli
