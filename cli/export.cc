// SPDX-License-Identifier: Apache-2.0
// lancekeep export: a version of a store, or each of them, becomes a model file.
#include "cli/escape.h"
#include "cli/export_target.h"
#include "cli/export_versions.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>

#include <optional>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep export model.lance model.safetensors\n"
    "  lancekeep export model.lance best.npz --at best --force\n"
    "  lancekeep export model.lance head.safetensors --tensor \"head.*\"\n"
    "  lancekeep export model.lance big.safetensors --max-shard-size 5GB\n"
    "  lancekeep export model.lance \"out/epoch-{version:04}.safetensors\" --all\n"
    "\nFILE's ending says what is written: .safetensors, .npz or .npy (one tensor). {version} in "
    "it\n"
    "is the version's number. SIZE is a whole number and a unit: 500MB, 5GB (decimal), 4GiB.\n"
    "--json with --all prints {\"store\", \"versions\": [{\"file\", \"files\", \"version\", "
    "...}]}.\n";

struct ExportArguments {
  ExportPlan plan;
  std::optional<std::string> max_shard_size;
  bool quiet = false;
};

void complete(ExportArguments& arguments) {
  ExportPlan& plan = arguments.plan;
  if (arguments.max_shard_size) {
    plan.max_shard_bytes = parse_size(*arguments.max_shard_size, "--max-shard-size");
  }
  if (plan.all && !has_version(plan.file)) {
    throw Error(ErrorCode::invalid_argument,
                "--all writes a file for each version: put {version} into the name, as in "
                "epoch-{version}.safetensors",
                plan.file);
  }
}

/// "m.safetensors: 3 tensors of version 1; wrote 20.0 kB in 3 ms"; of shards, the index, and the
/// shards below it.
std::string text_of(const ExportedVersion& done) {
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

Json files_of(const ExportReport& report) {
  Json files = Json::array();
  for (const auto& file : report.files) files.push_back(file.string());
  return files;
}

Json as_json(const ExportedVersion& done) {
  return {{"file", done.file},
          {"files", files_of(done.report)},
          {"version", done.version.number()},
          {"tensors", done.report.tensors},
          {"bytes_written", done.report.bytes_written},
          {"seconds", std::chrono::duration<double>(done.elapsed).count()},
          {"not_kept", Json(done.report.not_kept)},
          {"notes", Json(done.report.notes)}};
}

void print_text(const ExportedVersion& done, bool quiet) {
  const std::string& warning = done.version.info().warning;
  if (!warning.empty()) print_note(warning);
  if (quiet) return;
  print(text_of(done));
  for (const std::string& line : done.report.not_kept) print_note("not kept: " + line);
  for (const std::string& note : done.report.notes) print_note(note);
}

ExitCode run(ExportArguments arguments, bool json) {
  complete(arguments);
  const ExportPlan& plan = arguments.plan;
  std::vector<Json> documents;
  export_versions(plan, !json && !arguments.quiet, [&](const ExportedVersion& done) {
    if (!json) return print_text(done, arguments.quiet);
    documents.push_back(as_json(done));
    if (!plan.all) documents.back()["warning"] = warning_of(done.version);
  });
  if (!json) return ExitCode::ok;
  print_json(plan.all ? Json{{"store", plan.store}, {"versions", std::move(documents)}}
                      : documents.front());
  return ExitCode::ok;
}

}  // namespace

void add_export(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "export",
                            "Write a version, or each, as safetensors or NumPy file", kExamples);
  auto arguments = std::make_shared<ExportArguments>();
  add_store(*verb, arguments->plan.store);
  verb->add_option("FILE", arguments->plan.file, "The .safetensors, .npz or .npy file to write")
      ->required()
      ->type_name("");
  CLI::Option* at = add_at(*verb, arguments->plan.at);
  verb->add_flag("--all", arguments->plan.all, "Every version; FILE must have {version} in it")
      ->excludes(at);
  verb->add_option("--tensor", arguments->plan.tensors,
                   "Only this tensor, by name or pattern (*, ?, [...]); may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  verb->add_option("--max-shard-size", arguments->max_shard_size,
                   "Split a larger model into files of at most this size, and an index")
      ->type_name("SIZE");
  verb->add_flag("--force", arguments->plan.force, "Write over what exists");
  verb->add_flag("-q,--quiet", arguments->quiet, "Print nothing but errors");
  verb->callback([arguments, &command] {
    command.run = [arguments, &command] { return run(*arguments, command.json); };
  });
}

}  // namespace lancekeep::cli
