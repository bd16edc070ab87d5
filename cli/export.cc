// SPDX-License-Identifier: Apache-2.0
// lancekeep export: writes a version of a store as a model file, each version as one, or a dataset.
#include "cli/arguments.h"
#include "cli/export_versions.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <set>

namespace lancekeep::cli {
namespace {

struct ExportLine {
  ExportPlan plan;
  std::optional<std::string> max_shard_size;
  std::optional<Layout> layout;  // of the dataset to write; if unset, model files are written
  bool all_names = false;
  bool quiet = false;
};

void complete(ExportLine& line) {
  ExportPlan& plan = line.plan;
  if (line.max_shard_size) {
    plan.max_shard_bytes = parse_size(*line.max_shard_size, "--max-shard-size");
  }
  if (line.all_names) plan.tied_names = TiedNames::all;
  if (line.layout) return;
  if (plan.all && !has_version(plan.file)) {
    throw Error(ErrorCode::invalid_argument,
                "--all writes a file for each version: put {version} into the name, as in "
                "epoch-{version}.safetensors",
                plan.file);
  }
}

// --- model files ---

// Returns "m.safetensors: 3 tensors of version 1; wrote 20.0 kB in 3 ms". For shards, this line
// names the index; a line for each shard follows.
std::string summary(const ExportedFile& done) {
  const auto& files = done.report.files;
  const std::string main = files.empty() ? done.file : files.back().string();
  std::string text = escape_line(fmt::format(
      "{}: {} of version {}; wrote {} in {}", main, counted(done.report.tensors, "tensor"),
      done.version.number(), human_bytes(done.report.bytes_written), human_duration(done.elapsed)));
  for (const auto& file : files) {
    if (&file != &files.back()) text += "\n  " + escape_line(file.string());
  }
  return text + "\n";
}

// `printed` has the notes of earlier versions: one that applies to all of them is printed once.
void print_text(const ExportedFile& done, bool quiet, std::set<std::string>& printed) {
  const std::string& warning = done.version.info().warning;
  if (!warning.empty()) print_note(warning);
  if (quiet) return;
  print(summary(done));
  for (const std::string& line : done.report.not_kept) {
    if (printed.insert(line).second) print_note("not kept: " + line);
  }
  for (const std::string& note : done.report.notes) {
    if (printed.insert(note).second) print_note(note);
  }
}

Json to_json(const ExportedFile& done) {
  Json::Array files;
  for (const auto& file : done.report.files) files.push_back(file.string());
  return Json::object({{"file", done.file},
                       {"files", std::move(files)},
                       {"version", done.version.number()},
                       {"tensors", done.report.tensors},
                       {"bytes_written", done.report.bytes_written},
                       {"seconds", seconds(done.elapsed)},
                       {"not_kept", done.report.not_kept},
                       {"notes", done.report.notes}});
}

ExitCode run_files(const ExportLine& line, bool json) {
  const ExportPlan& plan = line.plan;
  Json::Array versions;
  std::set<std::string> printed;
  export_files(plan, !json && !line.quiet, [&](const ExportedFile& done) {
    if (!json) return print_text(done, line.quiet, printed);
    versions.push_back(to_json(done));
    if (!plan.all) versions.back().add("warning", text_or_null(done.version.info().warning));
  });
  if (!json) return ExitCode::ok;
  print_json(plan.all ? Json::object({{"store", plan.store}, {"versions", std::move(versions)}})
                      : versions.front());
  return ExitCode::ok;
}

// --- datasets ---

std::uint64_t bytes_written(const ExportedDataset& done) {
  std::uint64_t bytes = 0;
  for (const auto& version : done.versions) bytes += version.report.bytes_written;
  return bytes;
}

std::uint64_t tensors(const SaveReport& report) {
  return report.tensors_written + report.tensors_kept;
}

// Returns "3 tensors of version 2" or "versions 1–3".
std::string contents(const ExportedDataset& done) {
  if (done.versions.size() == 1) {
    const auto& [source, report] = done.versions.front();
    return fmt::format("{} of version {}", counted(tensors(report), "tensor"), source.number);
  }
  std::vector<std::uint64_t> numbers;
  for (const auto& version : done.versions) numbers.push_back(version.source.number);
  return "versions " + number_runs(numbers);
}

void print_text(const ExportedDataset& done, Layout layout, bool quiet) {
  for (const auto& [source, report] : done.versions) {
    if (!source.warning.empty()) print_note(source.warning);
  }
  if (quiet) return;
  print(escape_line(fmt::format("{}: {} in the {} layout; wrote {} in {}", done.folder,
                                contents(done), to_string(layout), human_bytes(bytes_written(done)),
                                human_duration(done.elapsed))) +
        "\n");
  std::set<std::string> printed;  // a note that applies to all versions is in each of them
  for (const auto& [source, report] : done.versions) {
    for (const std::string& note : report.notes) {
      if (printed.insert(note).second) print_note(note);
    }
  }
  for (const std::string& note : done.notes) print_note(note);
}

Json to_json(const ExportedDataset& done, const std::string& store, Layout layout) {
  Json::Array versions;
  for (const auto& [source, report] : done.versions) {
    versions.push_back(Json::object({{"version", report.version},
                                     {"source_version", source.number},
                                     {"tags", source.tags},
                                     {"tensors", tensors(report)},
                                     {"bytes_written", report.bytes_written},
                                     {"notes", report.notes}}));
  }
  return Json::object({{"store", store},
                       {"file", done.folder},
                       {"layout", to_string(layout)},
                       {"bytes_written", bytes_written(done)},
                       {"seconds", seconds(done.elapsed)},
                       {"versions", std::move(versions)},
                       {"notes", done.notes}});
}

ExitCode run_dataset(const ExportLine& line, bool json) {
  const Layout layout = *line.layout;
  const ExportedDataset done = export_dataset(line.plan, layout, !json && !line.quiet);
  if (json) {
    print_json(to_json(done, line.plan.store, layout));
  } else {
    print_text(done, layout, line.quiet);
  }
  return ExitCode::ok;
}

ExitCode run_export(ExportLine line, bool json) {
  complete(line);
  return line.layout ? run_dataset(line, json) : run_files(line, json);
}

}  // namespace

void add_export(CommandLine& command) {
  Verb verb = command.add_verb(
      "export", "Write one version, or each, as a safetensors or NumPy file, or as a dataset", R"(
  lancekeep export model.lance model.safetensors
  lancekeep export model.lance best.npz --at best --force
  lancekeep export model.lance head.safetensors --tensor "head.*"
  lancekeep export checkpoints.lance model.safetensors --strip-prefix model.
  lancekeep export model.lance big.safetensors --max-shard-size 5GB
  lancekeep export model.lance "out/epoch-{version:04}.safetensors" --all
  lancekeep export model.lance plain.lance --layout plain --all

FILE's extension selects the format: .safetensors, .npz or .npy (one tensor). {version} in FILE is
replaced by the version's number. A .safetensors file gets one name of tied tensors; its metadata
lists the others, as those of safetensors' save_model do, and has format=pt. SIZE is a whole number and a unit: 500MB, 5GB (decimal), 4GiB.
With --layout, FILE is the folder of a new Lance dataset, which appears once it is complete. The
plain layout has the columns name, value (a list of float64) and shape, which any Lance tool reads;
a value that float64 cannot hold exactly is an error. --all writes every version, with its tags.
--json with --all prints {"store", "versions": [{"file", "files", "version", ...}]}.
)");
  auto line = std::make_shared<ExportLine>();
  ExportPlan& plan = line->plan;
  verb.store(plan.store);
  verb.positional(
          "FILE", plan.file,
          "The .safetensors, .npz or .npy file to write; with --layout, the folder of a dataset")
      .required();
  const Argument at = verb.at(plan.at);
  verb.flag("--all", plan.all,
            "Export every version; FILE must contain {version}, unless it is a dataset")
      .excludes(at);
  verb.option("--tensor", "NAME", plan.tensors,
              "Export only this tensor, by name or pattern (*, ?, [...]); can be repeated");
  verb.option("--strip-prefix", "PREFIX", plan.strip_prefix,
              "Export only tensors whose names start with PREFIX, under the rest of their names")
      .check([](const std::string& prefix) {
        return prefix.empty() ? std::string("the prefix cannot be empty") : std::string();
      });
  verb.dtype(plan.dtype);
  const Argument layout = verb.layout(
      line->layout, "Write a Lance dataset: plain (numbers as lists of float64) or native");
  verb.option("--max-shard-size", "SIZE", line->max_shard_size,
              "Split a larger model into files of at most this size, plus an index")
      .excludes(layout);
  verb.flag("--all-names", line->all_names,
            "Write tied tensors to a .safetensors file under each of their names")
      .excludes(layout);
  verb.flag("--force", plan.force, "Overwrite files that exist, or replace a Lance dataset");
  verb.quiet(line->quiet);
  verb.runs([line](bool json) { return run_export(*line, json); });
}

}  // namespace lancekeep::cli
