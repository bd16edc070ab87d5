// SPDX-License-Identifier: Apache-2.0
#include "cli/failure.h"

#include "cli/escape.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/output.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

namespace lancekeep::cli {
namespace {

constexpr int kFailure = static_cast<int>(ExitCode::failure);

void report(bool json, const char* code, const std::string& message, const Json& file = {},
            const Json& offset = {}) {
  if (!json) {
    print_error_line("lancekeep: " + escape_line(message));
    return;
  }
  const Json document = {
      {"error", {{"code", code}, {"message", message}, {"file", file}, {"offset", offset}}}};
  print_error_line(document.dump(2, ' ', true, Json::error_handler_t::replace));
}

int report_by_type(bool json) {
  try {
    throw;
  } catch (const Error& error) {
    report(json, to_string(error.code()), error.what(),
           error.file().empty() ? Json() : Json(error.file()),
           error.offset() ? Json(*error.offset()) : Json());
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
  } catch (...) {  // no memory left even for the report
    std::fputs("lancekeep: failed, and the error could not be shown\n", stderr);
    return kFailure;
  }
}

Error with_outcome(const Error& error, const std::string& outcome) {
  // Error puts file and offset in front of its text anew.
  const std::string place = Error(error.code(), "", error.file(), error.offset()).what();
  return Error(error.code(), error.what() + place.size() + ("; " + outcome), error.file(),
               error.offset());
}

int report_misuse(bool json, const std::string& message) noexcept {
  try {
    throw Error(ErrorCode::invalid_argument, message);
  } catch (...) {
    return report_current_exception(json);
  }
}

}  // namespace lancekeep::cli
