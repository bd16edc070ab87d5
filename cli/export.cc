// SPDX-License-Identifier: Apache-2.0
// lancekeep export: a version of a store becomes a safetensors file.
#include "cli/escape.h"
#include "cli/interrupt.h"
#include "cli/open_version.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "cli/verb.h"
#include "cli/watched_source.h"

#include <lancekeep/formats.h>
#include <lancekeep/store.h>

#include <fmt/format.h>

#include <array>
#include <filesystem>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep export model.lance model.safetensors\n"
    "  lancekeep export model.lance best.safetensors --at best --force\n";

struct ExportOptions {
  std::string store;
  std::string file;
  std::string at = "latest";
  bool force = false;
  bool quiet = false;
};

void check_target(const std::filesystem::path& file, bool force) {
  static constexpr std::array kTorchNames = {".pth", ".pt", ".bin"};
  for (const char* name : kTorchNames) {
    if (file.extension() != name) continue;
    throw Error(ErrorCode::invalid_argument,
                "export writes safetensors; give a name that ends in .safetensors", file.string());
  }
  std::error_code ignored;
  if (!force && std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) {
    throw Error(ErrorCode::already_exists, "the file exists already; --force writes over it",
                file.string());
  }
}

std::uint64_t bytes_to_write(const TensorSource& source) {
  std::uint64_t total = 0;
  for (const TensorSpec& tensor : source.tensors()) total += tensor.nbytes;
  return total;
}

ExportReport write_version(const ExportOptions& options, const Version& version,
                           bool show_progress) {
  const InterruptScope interrupts;
  ProgressBar bar(show_progress);
  std::unique_ptr<TensorSource> rows = version.source();
  std::uint64_t done = 0;
  const std::uint64_t total = bytes_to_write(*rows);
  WatchedSource source(std::move(rows), [&](std::size_t bytes, std::string_view tensor) {
    throw_if_interrupted();
    done += bytes;
    bar.update(done, total, tensor);
  });
  return write_safetensors(options.file, source, version.info().metadata);
}

ExitCode run(const ExportOptions& options, bool json) {
  const auto start = std::chrono::steady_clock::now();
  check_target(options.file, options.force);
  const Version version = open_version(options.store, options.at, json);
  const ExportReport report = write_version(options, version, !json && !options.quiet);
  const auto elapsed = std::chrono::steady_clock::now() - start;
  if (json) {
    print_json(Json{{"file", options.file},
                    {"version", version.number()},
                    {"tensors", report.tensors},
                    {"bytes_written", report.bytes_written},
                    {"seconds", std::chrono::duration<double>(elapsed).count()},
                    {"not_kept", Json(report.not_kept)},
                    {"warning", warning_of(version)}});
  } else if (!options.quiet) {
    print(escape_line(fmt::format("{}: {} of version {}; wrote {} in {}", options.file,
                                  counted(report.tensors, "tensor"), version.number(),
                                  human_bytes(report.bytes_written), human_duration(elapsed))) +
          "\n");
    for (const std::string& line : report.not_kept) print_note("not kept: " + line);
  }
  return ExitCode::ok;
}

}  // namespace

void add_export(CLI::App& app, Command& command) {
  CLI::App* verb =
      add_verb(app, command, "export", "Write a version as a safetensors file", kExamples);
  auto options = std::make_shared<ExportOptions>();
  add_store(*verb, options->store);
  verb->add_option("FILE", options->file, "The .safetensors file to write")
      ->required()
      ->type_name("");
  add_at(*verb, options->at);
  verb->add_flag("--force", options->force, "Write over FILE where it exists");
  verb->add_flag("-q,--quiet", options->quiet, "Print nothing but errors");
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
