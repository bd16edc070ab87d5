// SPDX-License-Identifier: Apache-2.0
// lancekeep verify: checks a store's bytes against the hashes recorded when they were saved.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/batch.h"
#include "cli/json.h"
#include "cli/name_patterns.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <memory>

namespace lancekeep::cli {
namespace {

struct VerifyLine {
  std::string store;
  std::string at = "latest";
  bool all = false;
  std::vector<std::string> names;
  bool quiet = false;
};

std::string versions_text(const VerifyLine& line, const VerifyReport& report) {
  if (line.all || report.newest == 0) return counted(report.versions, "version");
  return fmt::format("version {}", report.newest);
}

// Each line begins with one of the three words of problem_word():
// "damaged: version 3, tensor `a.b`: …/data/x.lance: at byte 256: its 40 bytes …"
std::string finding_text(const VerifyFinding& finding) {
  std::string text = problem_word(finding.kind);
  if (finding.version != 0) text += fmt::format(": version {}", finding.version);
  if (!finding.tensor.empty()) text += fmt::format(", tensor `{}`", finding.tensor);
  if (!finding.file.empty()) text += ": " + finding.file.string();
  if (finding.offset) text += fmt::format(": at byte {}", *finding.offset);
  return escape_line(text + ": " + finding.what);
}

std::string closing_line(const VerifyLine& line, const VerifyReport& report) {
  const std::string read =
      fmt::format("{}, {} read", counted(report.tensors, "tensor"), human_bytes(report.bytes_read));
  if (report.ok()) {
    const bool hashed = report.tensors > 0 || report.bytes_read == 0;  // false: a plain dataset
    return fmt::format("{}: {}, {}", versions_text(line, report), read,
                       hashed ? "all hashes match" : "no damage found");
  }
  std::string counts;
  for (const FindingKind kind :
       {FindingKind::damaged, FindingKind::unchecked, FindingKind::not_read}) {
    const std::uint64_t count = report.count(kind);
    if (count == 0) continue;
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, problem_word(kind));
  }
  return fmt::format("{} in {} of {}: {} ({})", counted(report.findings.size(), "finding"),
                     versions_text(line, report), escape_line(line.store), read, counts);
}

void print_text(const VerifyLine& line, const VerifyReport& report) {
  std::string text;
  for (const VerifyFinding& finding : report.findings) text += finding_text(finding) + "\n";
  if (!line.quiet) text += closing_line(line, report) + "\n";
  print(text);
  for (const std::string& note : report.notes) {
    if (!line.quiet) print_note(note);
  }
}

Json to_json(const VerifyFinding& finding) {
  return Json::object({{"kind", to_string(finding.kind)},
                       {"version", finding.version == 0 ? Json() : Json(finding.version)},
                       {"tensor", text_or_null(finding.tensor)},
                       {"file", text_or_null(finding.file.string())},
                       {"offset", finding.offset},
                       {"what", finding.what}});
}

Json to_json(const VerifyLine& line, const VerifyReport& report) {
  Json::Array findings;
  for (const VerifyFinding& finding : report.findings) findings.push_back(to_json(finding));
  const bool one_version = !line.all && report.newest != 0;
  return Json::object({{"store", line.store},
                       {"ok", report.ok()},
                       {"version", one_version ? Json(report.newest) : Json()},
                       {"versions", report.versions},
                       {"tensors", report.tensors},
                       {"bytes_read", report.bytes_read},
                       {"damaged", report.count(FindingKind::damaged)},
                       {"unchecked", report.count(FindingKind::unchecked)},
                       {"not_read", report.count(FindingKind::not_read)},
                       {"findings", std::move(findings)},
                       {"notes", report.notes}});
}

VerifyReport verify(const VerifyLine& line, NamePatterns& names, bool show_progress) {
  Batch batch(show_progress);
  VerifyOptions options;
  options.select = [&](std::string_view name) { return names.match(name); };
  options.progress = batch.progress();
  const Store store = Store::open(line.store);
  return line.all ? store.verify_all(options) : store.verify(Ref::parse(line.at), options);
}

ExitCode run_verify(const VerifyLine& line, bool json) {
  NamePatterns names(line.names);
  const VerifyReport report = verify(line, names, !json && !line.quiet);
  // If there is damage, it can hide a tensor that exists.
  if (const auto unused = names.unused(); !unused.empty() && report.ok()) {
    throw Error(ErrorCode::not_found,
                fmt::format("no tensor in {} with a recorded hash matches `{}`",
                            versions_text(line, report), unused.front()),
                line.store);
  }
  json ? print_json(to_json(line, report)) : print_text(line, report);
  return exit_code(report.count(FindingKind::damaged) > 0, report.count(FindingKind::unchecked) > 0,
                   report.count(FindingKind::not_read) > 0);
}

}  // namespace

void add_verify(CommandLine& command) {
  Verb verb =
      command.add_verb("verify", "Check every byte against the hashes recorded at save time", R"(
  lancekeep verify model.lance               (the latest version)
  lancekeep verify model.lance --all
  lancekeep verify model.lance --at best "layer.0.*" head.weight

Each finding is one of three things, and the exit status says which is the worst: 1 damaged;
2 could not be checked (no permission, an I/O error); 3 not read (a version that is not a model,
or that this build does not read).
)");
  auto line = std::make_shared<VerifyLine>();
  verb.store(line->store);
  verb.positional("NAME", line->names,
                  "Check only these tensors, by name or pattern (*, ?, [...]); default: all");
  const Argument at = verb.at(line->at);
  verb.flag("--all", line->all, "Check every version; bytes that versions share are read once")
      .excludes(at);
  verb.quiet(line->quiet, "Print findings and errors only");
  verb.runs([line](bool json) { return run_verify(*line, json); });
}

}  // namespace lancekeep::cli
