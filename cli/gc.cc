// SPDX-License-Identifier: Apache-2.0
// lancekeep gc: removes versions, and the files that no version needs.
#include <lancekeep/store.h>

#include "cli/output.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>

#include <optional>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep gc model.lance --keep-last 5 --dry-run\n"
    "  lancekeep gc model.lance --keep-last 5 --older-than 30d   (only what both let go)\n"
    "\nThe latest version and those with a tag always stay. DURATION is a number and a unit:\n"
    "45s, 90m (minutes), 12h, 30d, 2w.\n";

struct GcArguments {
  std::string store;
  std::optional<std::uint64_t> keep_last;
  std::optional<std::string> older_than;
  std::optional<std::string> orphans_older_than;
  bool dry_run = false;
};

GcOptions options_of(const GcArguments& arguments) {
  GcOptions options{.keep_last = arguments.keep_last, .dry_run = arguments.dry_run};
  if (!options.keep_last && !arguments.older_than) {
    throw Error(ErrorCode::invalid_argument,
                "gc needs a bound: --keep-last N or --older-than DURATION");
  }
  if (arguments.older_than) options.older_than = parse_age(*arguments.older_than, "--older-than");
  if (arguments.orphans_older_than) {
    options.orphans_older_than = parse_age(*arguments.orphans_older_than, "--orphans-older-than");
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
    line += fmt::format("; version {} has what was left in mostly dead files", *report.rewritten);
  }
  return line;
}

std::string about_orphans(const GcReport& report, const GcOptions& options) {
  const bool one = report.orphans_kept == 1;
  const std::string files = fmt::format("{} that no version names {}",
                                        counted(report.orphans_kept, "file"), one ? "is" : "are");
  const std::string bytes = human_bytes(report.orphan_bytes_kept);
  if (options.orphans_older_than == std::chrono::nanoseconds(0)) {
    return fmt::format("{} in use by a running save ({})", files, bytes);
  }
  return fmt::format(
      "{} younger than {}, or in use ({}); --orphans-older-than 0s removes {} if no save is "
      "running",
      files, age_text(options.orphans_older_than), bytes, one ? "it" : "them");
}

Json as_json(const std::string& store, const GcReport& report) {
  return {{"store", store},
          {"dry_run", report.dry_run},
          {"versions_removed", Json(report.versions_removed)},
          {"files_removed", report.files_removed},
          {"bytes_freed", report.bytes_freed},
          {"orphans_kept", report.orphans_kept},
          {"orphan_bytes_kept", report.orphan_bytes_kept},
          {"rewritten", report.rewritten ? Json(*report.rewritten) : Json()},
          {"notes", Json(report.notes)}};
}

ExitCode run(const GcArguments& arguments, bool json) {
  const GcOptions options = options_of(arguments);
  const GcReport report = Store::open(arguments.store).gc(options);
  if (json) {
    print_json(as_json(arguments.store, report));
    return ExitCode::ok;
  }
  print(summary(report) + "\n");
  if (report.orphans_kept > 0) print_note(about_orphans(report, options));
  for (const std::string& note : report.notes) print_note(note);
  return ExitCode::ok;
}

}  // namespace

void add_gc(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "gc",
                            "Remove old versions, and the files that no version needs", kExamples);
  auto arguments = std::make_shared<GcArguments>();
  add_store(*verb, arguments->store);
  verb->add_option("--keep-last", arguments->keep_last, "Keep the newest N versions, 1 or more")
      ->type_name("N")
      ->check([](const std::string& text) {  // CLI11 would take "-1" for a very large number
        const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
        return is_number ? std::string() : "expected a number, got `" + text + "`";
      });
  verb->add_option("--older-than", arguments->older_than, "Keep the versions that are younger")
      ->type_name("DURATION");
  verb->add_option("--orphans-older-than", arguments->orphans_older_than,
                   "Keep files that no version names while they are younger (default: 7d); pylance "
                   "may be writing them")
      ->type_name("DURATION");
  verb->add_flag("--dry-run", arguments->dry_run, "Say what would go, and change nothing");
  verb->callback([arguments, &command] {
    command.run = [arguments, &command] { return run(*arguments, command.json); };
  });
}

}  // namespace lancekeep::cli
