// SPDX-License-Identifier: Apache-2.0
// The lancekeep command: parses the line, runs one verb, turns the outcome into an exit status.
#include <lancekeep/wait_hooks.h>

#include "cli/arguments.h"
#include "cli/failure.h"
#include "cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <utility>

namespace lancekeep::cli {
namespace {

constexpr const char* kSummary = "Version control for model weights, stored as Lance datasets.";

constexpr const char* kFooter = R"(Examples:
  lancekeep import model.safetensors model.lance -m "first"
  lancekeep log model.lance
  lancekeep export model.lance best.safetensors --at best

REF is a version's number, a tag, or latest. Every verb takes --json.
Exit status: 0 success; 1 differences or damage found; 2 error; 3 not a model, or not read.
)";

// If one of the descriptors 0 to 2 is closed, the next file that is opened gets its number. This
// could be a store's file, and text meant for people would be written into it.
void occupy_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    // Read-only for stdout, so that a lost result is an error.
    const int flags = descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", flags) != descriptor) ::_exit(static_cast<int>(ExitCode::failure));
  }
}

// Whether the command line asks for JSON, even if it cannot be parsed.
bool asks_for_json(int argc, char** argv) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    if (std::string_view(argv[i]) == "--json") return true;
  }
  return false;
}

ExitCode run(int argc, char** argv, bool json) {
  WaitHooks hooks = {.check = throw_if_interrupted};
  if (!json) hooks.notice = print_note;  // with --json, stderr has one document or nothing
  const WaitScope waits(std::move(hooks));
  CommandLine line(kSummary, kFooter);
  for (const auto add : {add_import, add_export, add_ls, add_show, add_log, add_diff, add_tag,
                         add_restore, add_verify, add_gc, add_du, add_dump}) {
    add(line);
  }
  return line.run(argc, argv);
}

}  // namespace
}  // namespace lancekeep::cli

int main(int argc, char** argv) {
  const bool json = lancekeep::cli::asks_for_json(argc, argv);
  try {
    lancekeep::cli::occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN);  // instead, print() gets EPIPE if its reader has left
    return static_cast<int>(lancekeep::cli::run(argc, argv, json));
  } catch (...) {
    return lancekeep::cli::report_current_exception(json);
  }
}
