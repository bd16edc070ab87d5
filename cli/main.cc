// SPDX-License-Identifier: Apache-2.0
// The lancekeep command: parses the line, runs one verb, turns whatever happens into an exit
// status.
#include <lancekeep/version.h>

#include "cli/failure.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

namespace lancekeep::cli {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  lancekeep import model.safetensors model.lance -m \"first\"\n"
    "  lancekeep log model.lance\n"
    "  lancekeep export model.lance best.safetensors --at best\n"
    "\nREF is a version's number, a tag, or latest. Every verb takes --json.\n"
    "Exit status: 0 fine, 1 a finding, 2 misuse or failure.\n";

// A descriptor 0 to 2 that came closed would be given to the next file opened, and text meant for
// people would be written into a store.
void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    // Read-only for stdout, so that a result nobody gets is an error.
    const int flags = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", flags) != descriptor) ::_exit(static_cast<int>(ExitCode::failure));
  }
}

// Whether the line asks for JSON; also right where the line cannot be parsed.
bool asks_for_json(int argc, char** argv) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    if (std::string_view(argv[i]) == "--json") return true;
  }
  return false;
}

void declare(CLI::App& app, Command& command) {
  app.name("lancekeep");
  app.set_version_flag("--version", std::string("lancekeep ") + kLibraryVersion);
  app.require_subcommand(0, 1);
  app.footer(kFooter);
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  add_import(app, command);
  add_export(app, command);
  add_ls(app, command);
  add_show(app, command);
  add_log(app, command);
  add_diff(app, command);
  add_tag(app, command);
  add_restore(app, command);
  add_verify(app, command);
  add_gc(app, command);
  add_du(app, command);
  add_dump(app, command);
}

std::string misuse(const CLI::App& app, const CLI::ParseError& error) {
  const auto verbs = app.get_subcommands();
  if (!verbs.empty()) {
    return fmt::format("{}; see lancekeep {} --help", error.what(), verbs.front()->get_name());
  }
  const std::vector<std::string> extras = app.remaining();
  if (extras.empty()) return fmt::format("{}; see lancekeep --help", error.what());
  const char* kind = extras.front().starts_with("-") ? "option" : "verb";
  return fmt::format("unknown {} {}; see lancekeep --help", kind, extras.front());
}

int run(int argc, char** argv, bool json) {
  CLI::App app("Keeps the versions of deep-learning weights in Lance datasets.");
  Command command;
  declare(app, command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return static_cast<int>(ExitCode::ok);
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + "\n");
    return static_cast<int>(ExitCode::ok);
  } catch (const CLI::ParseError& error) {
    return report_misuse(json, misuse(app, error));
  }
  if (!command.run) return report_misuse(json, "no verb given; see lancekeep --help");
  return static_cast<int>(command.run());
}

}  // namespace
}  // namespace lancekeep::cli

int main(int argc, char** argv) {
  const bool json = lancekeep::cli::asks_for_json(argc, argv);
  try {
    lancekeep::cli::occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN);  // a reader that goes early shows as EPIPE, in print()
    return lancekeep::cli::run(argc, argv, json);
  } catch (...) {
    return lancekeep::cli::report_current_exception(json);
  }
}
