// SPDX-License-Identifier: Apache-2.0
// lancekeep verify: holds a store's bytes against what was recorded when they were saved.
#include <lancekeep/store.h>

#include "cli/escape.h"
#include "cli/interrupt.h"
#include "cli/name_patterns.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep verify model.lance               (the latest version)\n"
    "  lancekeep verify model.lance --all\n"
    "  lancekeep verify model.lance --at best \"layer.0.*\" head.weight\n";

struct VerifyCommand {
  std::string store;
  std::string at = "latest";
  bool all = false;
  std::vector<std::string> names;
  bool quiet = false;
};

std::string versions_text(const VerifyCommand& command, const VerifyReport& report) {
  if (command.all || report.newest == 0) return counted(report.versions, "version");
  return fmt::format("version {}", report.newest);
}

// "damaged: version 3, tensor `a.b`: …/data/x.lance: at byte 256: its 40 bytes …"
std::string line_of(const VerifyFinding& finding) {
  std::string line = "damaged";
  if (finding.version != 0) line += fmt::format(": version {}", finding.version);
  if (!finding.tensor.empty()) line += fmt::format(", tensor `{}`", finding.tensor);
  if (!finding.file.empty()) line += ": " + finding.file.string();
  if (finding.offset) line += fmt::format(": at byte {}", *finding.offset);
  return escape_line(line + ": " + finding.what);
}

std::string closing_line(const VerifyCommand& command, const VerifyReport& report) {
  const std::string read =
      fmt::format("{}, {} read", counted(report.tensors, "tensor"), human_bytes(report.bytes_read));
  if (report.ok()) {
    const bool hashed = report.tensors > 0 || report.bytes_read == 0;  // a recipe dataset has none
    return fmt::format("{}: {}, {}", versions_text(command, report), read,
                       hashed ? "every hash right" : "no damage found");
  }
  return fmt::format("{} in {} of {}: {}", counted(report.findings.size(), "finding"),
                     versions_text(command, report), escape_line(command.store), read);
}

void print_text(const VerifyCommand& command, const VerifyReport& report) {
  std::string text;
  for (const VerifyFinding& finding : report.findings) text += line_of(finding) + "\n";
  if (!command.quiet) text += closing_line(command, report) + "\n";
  print(text);
  for (const std::string& note : report.notes) {
    if (!command.quiet) print_note(note);
  }
}

Json to_json(const VerifyFinding& finding) {
  return {{"version", finding.version == 0 ? Json() : Json(finding.version)},
          {"tensor", finding.tensor.empty() ? Json() : Json(finding.tensor)},
          {"file", finding.file.empty() ? Json() : Json(finding.file.string())},
          {"offset", finding.offset ? Json(*finding.offset) : Json()},
          {"what", finding.what}};
}

void print_report(const VerifyCommand& command, const VerifyReport& report) {
  Json findings = Json::array();
  for (const VerifyFinding& finding : report.findings) findings.push_back(to_json(finding));
  print_json(Json{{"store", command.store},
                  {"ok", report.ok()},
                  {"version", command.all || report.newest == 0 ? Json() : Json(report.newest)},
                  {"versions", report.versions},
                  {"tensors", report.tensors},
                  {"bytes_read", report.bytes_read},
                  {"findings", std::move(findings)},
                  {"notes", Json(report.notes)}});
}

VerifyReport verify(const VerifyCommand& command, NamePatterns& names, bool show_progress) {
  const InterruptScope interrupts;
  ProgressBar bar(show_progress);
  VerifyOptions options;
  options.select = [&](std::string_view name) { return names.takes(name); };
  options.progress = [&](std::uint64_t done, std::uint64_t total, std::string_view tensor) {
    throw_if_interrupted();
    if (total > 0) bar.update(done, total, tensor);
  };
  const Store store = Store::open(command.store);
  return command.all ? store.verify_all(options) : store.verify(Ref::parse(command.at), options);
}

ExitCode run(const VerifyCommand& command, bool json) {
  NamePatterns names(command.names);
  const VerifyReport report = verify(command, names, !json && !command.quiet);
  // Damage may have hidden the tensor; else whoever asked for it has its name wrong.
  if (const auto unused = names.unused(); !unused.empty() && report.ok()) {
    throw Error(ErrorCode::not_found,
                fmt::format("no tensor of {} with a hash is named `{}`, or matches that",
                            versions_text(command, report), unused.front()),
                command.store);
  }
  json ? print_report(command, report) : print_text(command, report);
  return report.ok() ? ExitCode::ok : ExitCode::finding;
}

}  // namespace

void add_verify(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "verify",
                            "Hold every byte of a version against what was recorded", kExamples);
  auto options = std::make_shared<VerifyCommand>();
  add_store(*verb, options->store);
  verb->add_option("NAME", options->names,
                   "Tensors whose values are read, by name or pattern (*, ?, [...]); else all are")
      ->type_name("");
  CLI::Option* at = add_at(*verb, options->at);
  verb->add_flag("--all", options->all, "Every version; what they share is read once")
      ->excludes(at);
  verb->add_flag("-q,--quiet", options->quiet, "Print findings and errors only");
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
