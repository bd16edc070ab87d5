// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/error.h>

#include <utility>

namespace lancekeep {
namespace {

std::string compose(const std::string& message, const std::string& file,
                    std::optional<std::uint64_t> offset) {
  std::string text;
  if (!file.empty()) text += file + ": ";
  if (offset) text += "at byte " + std::to_string(*offset) + ": ";
  return text + message;
}

}  // namespace

const char* to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::unsafe:
      return "unsafe";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::out_of_space:
      return "out_of_space";
    case ErrorCode::io:
      return "io";
  }
  return "unknown";
}

Error::Error(ErrorCode code, const std::string& message, std::string file,
             std::optional<std::uint64_t> offset)
    : std::runtime_error(compose(message, file, offset)),
      code_(code),
      message_(message),
      file_(std::move(file)),
      offset_(offset) {}

Error Error::with_message(const std::string& message) const {
  return Error(code_, message, file_, offset_);
}

}  // namespace lancekeep
