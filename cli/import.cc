// SPDX-License-Identifier: Apache-2.0
// lancekeep import: model files become new versions of a store.
#include "cli/import_files.h"
#include "cli/natural_order.h"
#include "cli/output.h"
#include "cli/save_summary.h"
#include "cli/verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep import model.safetensors model.lance -m \"first\"\n"
    "  lancekeep import epoch2.pth model.lance --set epoch=2 --set loss=0.31 --tag best\n"
    "  lancekeep import epoch-*.pt model.lance --natural   (a version each; epoch-2 before "
    "epoch-10)\n"
    "\nRead are .safetensors, the .safetensors.index.json of a model in several files, torch's "
    ".pth,\n"
    ".pt and .bin (state dicts and training checkpoints), and NumPy's .npz and .npy; a file's "
    "kind\n"
    "is told by its content. Of several files, each is checked before the first is saved;\n"
    "--json then prints {\"store\", \"versions\": [{\"version\", \"file\", \"message\", ...}], "
    "\"warning\"}.\n";

struct ImportOptions {
  ImportPlan plan;
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

void check_several(const ImportPlan& plan) {
  if (plan.files.size() == 1) return;
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

Json figures(const SaveReport& report) {
  return {{"tensors_written", report.tensors_written},
          {"tensors_kept", report.tensors_kept},
          {"bytes_written", report.bytes_written},
          {"bytes_shared", report.bytes_shared},
          {"bytes_total", report.bytes_total}};
}

double seconds(std::chrono::nanoseconds elapsed) {
  return std::chrono::duration<double>(elapsed).count();
}

Json one_as_json(const ImportPlan& plan, const ImportedFile& done) {
  Json document = {{"store", plan.store},
                   {"version", done.report.version},
                   {"tag", plan.tag.empty() ? Json() : Json(plan.tag)}};
  document.update(figures(done.report));
  document.update(Json{{"seconds", seconds(done.elapsed)}, {"notes", Json(done.report.notes)}});
  return document;
}

Json several_as_json(const ImportPlan& plan, const std::vector<ImportedFile>& all) {
  Json versions = Json::array();
  for (const ImportedFile& done : all) {
    Json version = {
        {"version", done.report.version}, {"file", done.file}, {"message", done.message}};
    version.update(figures(done.report));
    version.update(Json{{"seconds", seconds(done.elapsed)}, {"notes", Json(done.report.notes)}});
    versions.push_back(std::move(version));
  }
  const std::string warning = order_note(plan.files);
  return {{"store", plan.store},
          {"versions", std::move(versions)},
          {"warning", warning.empty() ? Json() : Json(warning)}};
}

void print_text(const ImportPlan& plan, const ImportedFile& done) {
  print(save_summary(plan.store, done.report, done.elapsed) + "\n");
  for (const std::string& note : done.report.notes) print_note(note);
}

ExitCode run(ImportOptions options, bool json) {
  ImportPlan& plan = options.plan;
  plan.settings = parse_settings(options.settings);
  check_several(plan);
  if (options.natural) std::ranges::stable_sort(plan.files, natural_less);
  const bool talks = !json && !options.quiet;
  if (const std::string note = order_note(plan.files); talks && !note.empty()) print_note(note);
  std::vector<ImportedFile> all;
  import_files(plan, talks, [&](const ImportedFile& done) {
    all.push_back(done);
    if (talks) print_text(plan, done);
    if (!json || all.size() < plan.files.size()) return;
    print_json(all.size() == 1 ? one_as_json(plan, done) : several_as_json(plan, all));
  });
  return ExitCode::ok;
}

/// FILE takes all that is given, and STORE the last of it: CLI11 alone would do so only where no
/// option follows.
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
          ".npz, .npy")
      ->required()
      ->type_name("");
  add_store(verb, plan.store)->description("Folder of the store; made where nothing is");
}

}  // namespace

void add_import(CLI::App& app, Command& command) {
  CLI::App* verb =
      add_verb(app, command, "import", "Save model files as new versions of a store", kExamples);
  auto options = std::make_shared<ImportOptions>();
  add_files_and_store(*verb, options->plan);
  verb->add_option("-m,--message", options->plan.message,
                   "What each version is; else, of several files, the file's name")
      ->type_name("MESSAGE");
  verb->add_option("--set", options->settings, "Metadata of each version; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  verb->add_option("--tag", options->plan.tag, "Tag for the version; must be new; of one file")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        return name.empty() ? std::string("a tag's name cannot be empty") : std::string();
      });
  verb->add_flag("--natural", options->natural,
                 "Save the files in the order of the numbers in their names");
  verb->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
