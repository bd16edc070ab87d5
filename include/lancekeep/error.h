// SPDX-License-Identifier: Apache-2.0
// The one exception type of the library.
//
// Each message says what is wrong, what was expected and what was found, in which file and at which
// byte, and what to do about it if that is known. Programs should test the code; the text is for
// people and may change.
#pragma once

#include <lancekeep/visibility.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace lancekeep {

enum class ErrorCode {
  not_found,         ///< no such file, dataset, version, tag or tensor
  already_exists,    ///< the name is taken; nothing was overwritten
  invalid_argument,  ///< the caller asked for something impossible
  corrupt,           ///< bytes of a file contradict each other or the file's format
  unsupported,       ///< well formed, but uses a feature that this build does not read or write
  unsafe,            ///< rejected on purpose: a pickle that runs code, a path that leaves the store
  conflict,          ///< another writer changed the store; nothing was committed
  out_of_space,      ///< the disk or a quota is full
  io,                ///< a system call failed
};

/// The name of the code, e.g. "not_found".
[[nodiscard]] LANCEKEEP_API const char* to_string(ErrorCode code) noexcept;

class LANCEKEEP_API Error : public std::runtime_error {
 public:
  /// what() is "file: at byte offset: message", without the parts that are empty or unset.
  Error(ErrorCode code, const std::string& message, std::string file = {},
        std::optional<std::uint64_t> offset = std::nullopt);

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  /// what() without the file and the offset in front.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  /// Empty if the error is not about one file.
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// In bytes from the start of file().
  [[nodiscard]] std::optional<std::uint64_t> offset() const noexcept { return offset_; }

  /// The same code, file and offset with another message, for callers that can say more.
  [[nodiscard]] Error with_message(const std::string& message) const;

 private:
  ErrorCode code_;
  std::string message_;
  std::string file_;
  std::optional<std::uint64_t> offset_;
};

}  // namespace lancekeep
