// SPDX-License-Identifier: Apache-2.0
// lancekeep import: model files, or the versions of a dataset, become new versions of a store.
#include "cli/import_dataset.h"
#include "cli/import_files.h"
#include "cli/import_report.h"
#include "cli/natural_order.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep import model.safetensors model.lance -m \"first\"\n"
    "  lancekeep import epoch2.pth model.lance --set epoch=2 --set loss=0.31 --tag best\n"
    "  lancekeep import epoch-*.pt model.lance --natural   (a version each; epoch-2 before "
    "epoch-10)\n"
    "  lancekeep import weights.lance model.lance --dtype float32   (a dataset with all its "
    "versions)\n"
    "  lancekeep import model.safetensors plain.lance --layout plain\n"
    "\nRead are .safetensors, the .safetensors.index.json of a model in several files, torch's "
    ".pth,\n"
    ".pt and .bin (state dicts and training checkpoints), NumPy's .npz and .npy, and Lance "
    "datasets;\n"
    "a file's kind is told by its content. Of several files, each is checked before the first is\n"
    "saved; --json then prints {\"store\", \"versions\": [{\"version\", \"file\", \"message\", "
    "...}],\n"
    "\"warning\"}.\n"
    "\nOf a dataset, native or of the recipe's three columns, all versions come over, oldest "
    "first, with\n"
    "message, metadata and tags; their time and number become source_time and source_version of "
    "the\n"
    "metadata, which log shows. --json prints {\"store\", \"dataset\", \"versions\": "
    "[{\"version\",\n"
    "\"source_version\", ...}]}.\n";

struct ImportOptions {
  ImportPlan plan;
  std::optional<std::string> at;
  std::string dtype;
  std::vector<std::string> settings;
  bool natural = false;
  bool quiet = false;
};

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

bool is_folder(const std::string& file) {
  std::error_code ignored;  // then opening it says what is wrong
  return std::filesystem::is_directory(file, ignored);
}

void check_several(const ImportPlan& plan) {
  if (plan.files.size() == 1) return;
  const auto folder = std::ranges::find_if(plan.files, is_folder);
  if (folder != plan.files.end()) {
    throw Error(ErrorCode::invalid_argument,
                "a folder among several files; a dataset has versions of its own, and is imported "
                "by itself",
                *folder);
  }
  if (!plan.tag.empty()) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("--tag names one version, and {} files make {}; tag the one you mean "
                            "afterwards: lancekeep tag STORE NAME --at NUMBER",
                            plan.files.size(), plan.files.size()));
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(plan.store, ignored)) {
    throw Error(ErrorCode::invalid_argument,
                "expected the store's folder behind the files, found a file", plan.store);
  }
}

// A model file has one version, and its tensors have dtypes of their own.
void check_is_no_dataset_needed(const ImportOptions& options) {
  const char* option = options.at ? "--at" : options.dtype.empty() ? nullptr : "--dtype";
  if (option == nullptr) return;
  throw Error(ErrorCode::invalid_argument,
              fmt::format("{} is for importing a Lance dataset, found a model file", option),
              options.plan.files.front());
}

ExitCode run_files(const ImportOptions& options, bool json) {
  const ImportPlan& plan = options.plan;
  check_is_no_dataset_needed(options);
  const bool talks = !json && !options.quiet;
  if (const std::string note = order_note(plan.files); talks && !note.empty()) print_note(note);
  std::vector<ImportedFile> all;
  import_files(plan, talks, [&](const ImportedFile& done) {
    all.push_back(done);
    if (talks) print_text(plan, done);
    if (json && all.size() == plan.files.size()) print_json(as_json(plan, all));
  });
  return ExitCode::ok;
}

ExitCode run_dataset(const ImportOptions& options, bool json) {
  const ImportPlan& given = options.plan;
  const DatasetImport plan = {.dataset = given.files.front(),
                              .store = given.store,
                              .at = options.at,
                              .dtype = options.dtype,
                              .layout = given.layout,
                              .message = given.message,
                              .settings = given.settings,
                              .tag = given.tag};
  const bool talks = !json && !options.quiet;
  std::vector<ImportedVersion> all;
  import_dataset(plan, talks, [&](const ImportedVersion& done) {
    all.push_back(done);
    if (talks) print_text(plan, done);
  });
  if (json) print_json(as_json(plan, all));
  return ExitCode::ok;
}

ExitCode run(ImportOptions options, bool json) {
  ImportPlan& plan = options.plan;
  plan.settings = parse_settings(options.settings);
  check_several(plan);
  if (is_folder(plan.files.front())) return run_dataset(options, json);
  if (options.natural) std::ranges::stable_sort(plan.files, natural_less);
  return run_files(options, json);
}

// FILE takes all that is given, and STORE the last of it: CLI11 alone would do so only where no
// option follows.
void add_files_and_store(CLI::App& verb, ImportPlan& plan) {
  const auto take = [&plan, &verb](const std::vector<std::string>& given) {
    plan.files = given;
    if (given.size() < 2) return;
    verb.get_option("STORE")->add_result(plan.files.back());
    plan.files.pop_back();
  };
  verb.add_option_function<std::vector<std::string>>(
          "FILE", take,
          "Model files, a version each: .safetensors, .safetensors.index.json, .pth, .pt, .bin, "
          ".npz, .npy; or the folder of a Lance dataset, with all its versions")
      ->required()
      ->type_name("");
  add_store(verb, plan.store)->description("Folder of the store; made where nothing is");
}

}  // namespace

void add_import(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(
      app, command, "import",
      "Save model files, or the versions of a dataset, as new versions of a store", kExamples);
  auto options = std::make_shared<ImportOptions>();
  add_files_and_store(*verb, options->plan);
  verb->add_option(
          "-m,--message", options->plan.message,
          "What each version is; else, of several files, the file's name, of a dataset its "
          "own")
      ->type_name("MESSAGE");
  verb->add_option("--set", options->settings, "Metadata of each version; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  verb->add_option("--tag", options->plan.tag, "Tag for the version; must be new; of one file")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        return name.empty() ? std::string("a tag's name cannot be empty") : std::string();
      });
  verb->add_option("--at", options->at,
                   "Of a dataset, this version alone: a number, a tag, or latest")
      ->type_name("REF");
  add_dtype(*verb, options->dtype);
  add_layout(*verb, options->plan.layout,
             "How the store keeps numbers: native (a new store), or recipe, as lists of float64");
  verb->add_flag("--natural", options->natural,
                 "Save the files in the order of the numbers in their names");
  verb->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
