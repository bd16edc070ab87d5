// SPDX-License-Identifier: Apache-2.0
#include "cli/failure.h"

#include "cli/json.h"
#include "cli/output.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

namespace lancekeep::cli {
namespace {

volatile std::sig_atomic_t remembered_signal = 0;

extern "C" void remember_signal(int signal) { remembered_signal = signal; }

constexpr int kFailure = static_cast<int>(ExitCode::failure);

void report(bool json, const char* code, const std::string& message, const Json& file = {},
            const Json& offset = {}) {
  if (!json) {
    print_error_line("lancekeep: " + escape_line(message));
    return;
  }
  const Json error =
      Json::object({{"code", code}, {"message", message}, {"file", file}, {"offset", offset}});
  print_error_line(Json::object({{"error", error}}).text());
}

int report_by_type(bool json) {
  try {
    throw;
  } catch (const Error& error) {
    report(json, to_string(error.code()), error.what(), text_or_null(error.file()), error.offset());
  } catch (const Interrupted& interrupted) {
    report(json, "interrupted", interrupted.what());
    return kSignalExitBase + interrupted.signal();
  } catch (const std::bad_alloc&) {
    report(json, "out_of_memory", "out of memory");
  } catch (const std::exception& error) {
    report(json, "internal", fmt::format("unexpected error: {}", error.what()));
  } catch (...) {
    report(json, "internal", "unexpected error of an unknown kind");
  }
  return kFailure;
}

}  // namespace

int report_current_exception(bool json) noexcept {
  try {
    return report_by_type(json);
  } catch (...) {  // there is not even memory for the report
    std::fputs("lancekeep: failed; the error could not be printed\n", stderr);
    return kFailure;
  }
}

Error with_outcome(const Error& error, const std::string& outcome) {
  return error.with_message(error.message() + "; " + outcome);
}

InterruptScope::InterruptScope() {
  remembered_signal = 0;
  struct sigaction action = {};
  action.sa_handler = remember_signal;
  sigemptyset(&action.sa_mask);
  // SA_RESTART lets a running write or fsync finish.
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  sigaction(SIGINT, nullptr, &old_int_);
  // A job that a script started with & ignores Ctrl-C; keep it so.
  if (old_int_.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, &old_term_);
  sigaction(SIGHUP, nullptr, &old_hup_);
  if (old_hup_.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup ignores it
  // Without SIGXFSZ, reaching a file size limit is an error like a full disk: it is reported, and
  // what was written is removed.
  struct sigaction ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGXFSZ, &ignore, &old_xfsz_);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  sigaction(SIGHUP, &old_hup_, nullptr);
  sigaction(SIGXFSZ, &old_xfsz_, nullptr);
}

void throw_if_interrupted() {
  if (remembered_signal != 0) throw Interrupted(remembered_signal);
}

}  // namespace lancekeep::cli
