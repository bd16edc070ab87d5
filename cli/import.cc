// SPDX-License-Identifier: Apache-2.0
// lancekeep import: a model file becomes a new version of a store.
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/save_summary.h"
#include "cli/verb.h"
#include "cli/watched_source.h"

#include <lancekeep/formats.h>
#include <lancekeep/store.h>

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep import model.safetensors model.lance -m \"first\"\n"
    "  lancekeep import epoch2.pth model.lance --set epoch=2 --set loss=0.31 --tag best\n";

struct ImportOptions {
  std::string file;
  std::string store;
  std::string message;
  std::vector<std::string> settings;
  std::string tag;
  bool quiet = false;
};

/// The file's own metadata, with --set pairs taking precedence. What a file says under a key that
/// the store keeps for itself was never this version's, and is left out.
Metadata merged_metadata(Metadata metadata, const std::vector<std::string>& settings) {
  std::erase_if(metadata, [](const auto& pair) {
    return pair.first.empty() || pair.first.starts_with("lancekeep.") ||
           pair.first.starts_with("__lance");
  });
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

SaveReport save_file(const ImportOptions& options, bool show_progress) {
  const InterruptScope interrupts;
  // The file is opened first: where it cannot be read, no store is made.
  std::unique_ptr<TensorSource> file = open_model_file(options.file);
  SaveOptions save;
  save.message = options.message;
  save.metadata = merged_metadata(file->metadata(), options.settings);
  save.tag = options.tag;
  WatchedSource source(std::move(file),
                       [](std::size_t, std::string_view) { throw_if_interrupted(); });
  ProgressBar bar(show_progress);
  save.progress = [&bar](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
    throw_if_interrupted();
    bar.update(done, total, tensor);
  };
  throw_if_interrupted();
  return Store::create(options.store).save(source, save);
}

Json report_json(const ImportOptions& options, const SaveReport& report,
                 std::chrono::nanoseconds elapsed) {
  return {{"store", options.store},
          {"version", report.version},
          {"tag", options.tag.empty() ? Json() : Json(options.tag)},
          {"tensors_written", report.tensors_written},
          {"tensors_kept", report.tensors_kept},
          {"bytes_written", report.bytes_written},
          {"bytes_shared", report.bytes_shared},
          {"bytes_total", report.bytes_total},
          {"seconds", std::chrono::duration<double>(elapsed).count()},
          {"notes", Json(report.notes)}};
}

ExitCode run(const ImportOptions& options, bool json) {
  const auto start = std::chrono::steady_clock::now();
  const SaveReport report = save_file(options, !json && !options.quiet);
  const auto elapsed = std::chrono::steady_clock::now() - start;
  try {
    if (json) {
      print_json(report_json(options, report, elapsed));
    } else if (!options.quiet) {
      print(save_summary(options.store, report, elapsed) + "\n");
      for (const std::string& note : report.notes) print_note(note);
    }
  } catch (const Error& e) {
    throw Error(e.code(), fmt::format("version {} is saved, but {}", report.version, e.what()));
  }
  return ExitCode::ok;
}

}  // namespace

void add_import(CLI::App& app, Command& command) {
  CLI::App* verb =
      add_verb(app, command, "import", "Save a model file as a new version of a store", kExamples);
  auto options = std::make_shared<ImportOptions>();
  verb->add_option("FILE", options->file, "Model file: .safetensors, .pth, .pt or .bin")
      ->required()
      ->type_name("");
  add_store(*verb, options->store)->description("Folder of the store; made where nothing is");
  verb->add_option("-m,--message", options->message, "What this version is")->type_name("MESSAGE");
  verb->add_option("--set", options->settings, "Metadata of the version; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  verb->add_option("--tag", options->tag, "Tag for the version; must be new")
      ->type_name("NAME")
      ->check([](const std::string& name) {
        return name.empty() ? std::string("a tag's name cannot be empty") : std::string();
      });
  verb->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
