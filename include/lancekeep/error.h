// SPDX-License-Identifier: Apache-2.0
// The one exception type of the library.
//
// Every message says what is wrong, what was expected and what was found, in which file and at
// which byte of it, and what to do about it where that is known. Code may be switched on; text is
// for people.
#pragma once

#include <lancekeep/export.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace lancekeep {

enum class ErrorCode {
  not_found,         ///< no such file, dataset, version, tag or tensor
  already_exists,    ///< the name is taken, and nothing was overwritten
  invalid_argument,  ///< the caller asked for something that cannot be
  corrupt,           ///< bytes of a file contradict each other or its format
  unsupported,       ///< well formed, but with a feature this build does not read or write
  unsafe,            ///< refused on purpose: a pickle that runs code, a path that leaves the store
  conflict,          ///< someone else changed the store; nothing was published
  out_of_space,      ///< the disk or a quota is full
  io,                ///< the operating system said no
};

/// The code's name in lower case, as the command line's --json prints it.
[[nodiscard]] LANCEKEEP_API const char* to_string(ErrorCode code) noexcept;

class LANCEKEEP_API Error : public std::runtime_error {
 public:
  /// `file` and `offset` (bytes from its start) become part of what(), in front of `what`.
  Error(ErrorCode code, const std::string& what, std::string file = {},
        std::optional<std::uint64_t> offset = std::nullopt);

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] std::optional<std::uint64_t> offset() const noexcept { return offset_; }

 private:
  ErrorCode code_;
  std::string file_;
  std::optional<std::uint64_t> offset_;
};

}  // namespace lancekeep
