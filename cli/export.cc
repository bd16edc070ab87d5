// SPDX-License-Identifier: Apache-2.0
// lancekeep export: a version of a store, or each of them, becomes a model file; or all of them a
// dataset.
#include "cli/export_dataset.h"
#include "cli/export_report.h"
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
    "  lancekeep export model.lance plain.lance --layout plain --all\n"
    "\nFILE's ending says what is written: .safetensors, .npz or .npy (one tensor). {version} in "
    "it\n"
    "is the version's number. SIZE is a whole number and a unit: 500MB, 5GB (decimal), 4GiB.\n"
    "With --layout, FILE is the folder of a new Lance dataset, which appears once it is complete: "
    "recipe\n"
    "is name, value (a list of float64) and shape, which any Lance tool reads; a value that "
    "float64 "
    "does\n"
    "not hold exactly is an error. With --all it gets every version, and its tags.\n"
    "--json with --all prints {\"store\", \"versions\": [{\"file\", \"files\", \"version\", "
    "...}]}.\n";

struct ExportArguments {
  ExportPlan plan;
  std::optional<std::string> max_shard_size;
  std::optional<Layout> layout;  // a dataset is written; none: model files
  bool quiet = false;
};

void complete(ExportArguments& arguments) {
  ExportPlan& plan = arguments.plan;
  if (arguments.max_shard_size) {
    plan.max_shard_bytes = parse_size(*arguments.max_shard_size, "--max-shard-size");
  }
  if (arguments.layout) return;
  if (plan.all && !has_version(plan.file)) {
    throw Error(ErrorCode::invalid_argument,
                "--all writes a file for each version: put {version} into the name, as in "
                "epoch-{version}.safetensors",
                plan.file);
  }
}

ExitCode run_dataset(const ExportArguments& arguments, bool json) {
  const Layout layout = *arguments.layout;
  const ExportedDataset done = export_dataset(arguments.plan, layout, !json && !arguments.quiet);
  if (json) {
    print_json(as_json(done, arguments.plan.store, layout));
  } else {
    print_text(done, layout, arguments.quiet);
  }
  return ExitCode::ok;
}

ExitCode run(ExportArguments arguments, bool json) {
  complete(arguments);
  const ExportPlan& plan = arguments.plan;
  if (arguments.layout) return run_dataset(arguments, json);
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
  CLI::App* verb = add_verb(
      app, command, "export",
      "Write a version, or each, as safetensors or NumPy file, or as a dataset", kExamples);
  auto arguments = std::make_shared<ExportArguments>();
  add_store(*verb, arguments->plan.store);
  verb->add_option(
          "FILE", arguments->plan.file,
          "The .safetensors, .npz or .npy file to write; with --layout, the folder of a dataset")
      ->required()
      ->type_name("");
  CLI::Option* at = add_at(*verb, arguments->plan.at);
  verb->add_flag("--all", arguments->plan.all,
                 "Every version; FILE must have {version} in it, unless it is a dataset")
      ->excludes(at);
  verb->add_option("--tensor", arguments->plan.tensors,
                   "Only this tensor, by name or pattern (*, ?, [...]); may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  add_dtype(*verb, arguments->plan.dtype);
  CLI::Option* layout = add_layout(*verb, arguments->layout,
                                   "Write a Lance dataset: recipe (lists of float64) or native");
  verb->add_option("--max-shard-size", arguments->max_shard_size,
                   "Split a larger model into files of at most this size, and an index")
      ->type_name("SIZE")
      ->excludes(layout);
  verb->add_flag("--force", arguments->plan.force,
                 "Write over what exists; of folders, over Lance datasets alone");
  verb->add_flag("-q,--quiet", arguments->quiet, "Print nothing but errors");
  verb->callback([arguments, &command] {
    command.run = [arguments, &command] { return run(*arguments, command.json); };
  });
}

}  // namespace lancekeep::cli
