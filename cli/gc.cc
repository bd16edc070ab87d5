// SPDX-License-Identifier: Apache-2.0
// lancekeep gc: removes versions, and files that no version needs.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/failure.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>

namespace lancekeep::cli {
namespace {

struct GcLine {
  std::string store;
  std::optional<std::uint64_t> keep_last;
  std::optional<std::string> older_than;
  std::optional<std::string> orphans_older_than;
  bool dry_run = false;
};

GcOptions options_of(const GcLine& line) {
  GcOptions options{.keep_last = line.keep_last, .dry_run = line.dry_run};
  if (!options.keep_last && !line.older_than) {
    throw Error(ErrorCode::invalid_argument, "gc needs --keep-last N or --older-than DURATION");
  }
  if (line.older_than) options.older_than = parse_age(*line.older_than, "--older-than");
  if (line.orphans_older_than) {
    options.orphans_older_than = parse_age(*line.orphans_older_than, "--orphans-older-than");
  }
  return options;
}

// "removed 3 versions (1–3), 12 files, 1.2 GB freed"
std::string summary(const GcReport& report) {
  if (report.files_removed == 0) return "nothing to remove";
  std::string line = report.dry_run ? "would remove " : "removed ";
  if (!report.versions_removed.empty()) {
    line += fmt::format("{} ({}), ", counted(report.versions_removed.size(), "version"),
                        number_runs(report.versions_removed));
  }
  line += fmt::format("{}, {}{}", counted(report.files_removed, "file"),
                      human_bytes(report.bytes_freed), report.dry_run ? "" : " freed");
  if (report.rewritten) {
    line += fmt::format("; rewrote mostly unused files as version {}", *report.rewritten);
  }
  return line;
}

std::string orphans_note(const GcReport& report, const GcOptions& options) {
  const bool one = report.orphans_kept == 1;
  const std::string files = fmt::format("{} unreferenced file{} kept ({})", report.orphans_kept,
                                        one ? "" : "s", human_bytes(report.orphan_bytes_kept));
  if (options.orphans_older_than == std::chrono::nanoseconds(0)) {
    return files + ": in use by a running save";
  }
  return fmt::format(
      "{}: younger than {}, or in use; --orphans-older-than 0s removes {} if no save is running",
      files, age_text(options.orphans_older_than), one ? "it" : "them");
}

Json to_json(const std::string& store, const GcReport& report) {
  return Json::object({{"store", store},
                       {"dry_run", report.dry_run},
                       {"versions_removed", report.versions_removed},
                       {"files_removed", report.files_removed},
                       {"bytes_freed", report.bytes_freed},
                       {"orphans_kept", report.orphans_kept},
                       {"orphan_bytes_kept", report.orphan_bytes_kept},
                       {"rewritten", report.rewritten},
                       {"notes", report.notes}});
}

// A damaged tag could point to any version, so gc cannot run until the tag is deleted.
GcReport collect(Store store, const GcOptions& options) {
  try {
    return store.gc(options);
  } catch (const Error& error) {
    const bool is_tag = error.file().find("_refs/tags/") != std::string::npos;
    if (error.code() != ErrorCode::corrupt || !is_tag) throw;
    throw with_outcome(error, "lancekeep tag STORE -d NAME deletes a tag");
  }
}

ExitCode run_gc(const GcLine& line, bool json) {
  const GcOptions options = options_of(line);
  const InterruptScope scope;
  const GcReport report = collect(Store::open(line.store), options);
  if (json) {
    print_json(to_json(line.store, report));
    return ExitCode::ok;
  }
  print(summary(report) + "\n");
  if (report.orphans_kept > 0) print_note(orphans_note(report, options));
  for (const std::string& note : report.notes) print_note(note);
  return ExitCode::ok;
}

}  // namespace

void add_gc(CommandLine& command) {
  Verb verb = command.add_verb("gc", "Remove old versions, and the files that no version needs", R"(
  lancekeep gc model.lance --keep-last 5 --dry-run
  lancekeep gc model.lance --keep-last 5 --older-than 30d   (removes what both rules allow)

The latest version and tagged versions are always kept. DURATION is a number and a unit: 45s, 90m
(minutes), 12h, 30d, 2w.
)");
  auto line = std::make_shared<GcLine>();
  verb.store(line->store);
  verb.option("--keep-last", "N", line->keep_last, "Keep the newest N versions, 1 or more");
  verb.option("--older-than", "DURATION", line->older_than,
              "Remove only versions older than DURATION");
  verb.option("--orphans-older-than", "DURATION", line->orphans_older_than,
              "Remove unreferenced files only if they are older than DURATION (default: 7d); "
              "pylance may still be writing younger ones");
  verb.flag("--dry-run", line->dry_run, "Print what would be removed, and change nothing");
  verb.runs([line](bool json) { return run_gc(*line, json); });
}

}  // namespace lancekeep::cli
