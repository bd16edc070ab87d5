// SPDX-License-Identifier: Apache-2.0
// What a store's bytes say against what was recorded when they were saved.
#pragma once

#include <lancekeep/export.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep {

struct VerifyOptions {
  /// Whether this tensor's value is to be read; empty: all are. Structures are checked in any case.
  std::function<bool(std::string_view name)> select;
  /// Bytes of values read and to be read; 0 of 0 while structures are looked at. An exception
  /// thrown from it stops the verification.
  std::function<void(std::uint64_t done, std::uint64_t total, std::string_view tensor)> progress;
};

/// One piece of damage.
struct VerifyFinding {
  std::uint64_t version = 0;            ///< 0: not of one version (a tag)
  std::string tensor;                   ///< empty: not of one tensor
  std::filesystem::path file;           ///< empty: not of one file
  std::optional<std::uint64_t> offset;  ///< byte of the file at which the damaged thing starts
  std::string what;                     ///< expected and found
};

struct VerifyReport {
  std::uint64_t versions = 0;    ///< looked at
  std::uint64_t newest = 0;      ///< of them, among those whose manifest can be read; 0: none
  std::uint64_t tensors = 0;     ///< whose values were held against their hashes; a value that
                                 ///< several versions share counts, and is read, once
  std::uint64_t bytes_read = 0;  ///< of values
  std::vector<VerifyFinding> findings;
  /// What could not be covered, as that pylance recorded no hash.
  std::vector<std::string> notes;
  [[nodiscard]] bool ok() const { return findings.empty(); }
};

}  // namespace lancekeep
