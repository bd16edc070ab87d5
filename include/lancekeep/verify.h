// SPDX-License-Identifier: Apache-2.0
// Options and results of Store::verify, which checks a store's bytes against the hashes and digests
// that were recorded when they were saved.
#pragma once

#include <lancekeep/progress.h>
#include <lancekeep/visibility.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep {

struct VerifyOptions {
  /// Whether to read this tensor's value; unset: every value is read. Structures are always
  /// checked.
  std::function<bool(std::string_view name)> select;
  /// Counts the bytes of values; reports 0 of 0 while structures are checked.
  Progress progress;
};

/// What kind of thing a finding, or a version that cannot be used, is.
enum class FindingKind {
  damaged,    ///< bytes are missing, contradict each other, or are not those that were recorded
  unchecked,  ///< it could not be checked: no permission, no memory, a system call failed
  not_read,   ///< not a model, or of a format or with a feature that this build does not read
};

/// "damaged", "unchecked" or "not_read".
[[nodiscard]] LANCEKEEP_API const char* to_string(FindingKind kind) noexcept;

/// Something that keeps a version, a tag or a tensor from being what was recorded.
struct VerifyFinding {
  std::uint64_t version = 0;            ///< 0 if it is not about one version (a tag)
  std::string tensor;                   ///< empty if it is not about one tensor
  std::filesystem::path file;           ///< empty if it is not about one file
  std::optional<std::uint64_t> offset;  ///< in bytes from the start of the file, if known
  std::string what;                     ///< what was expected and found
  FindingKind kind = FindingKind::damaged;
};

struct VerifyReport {
  std::uint64_t versions = 0;    ///< how many versions were checked
  std::uint64_t newest = 0;      ///< the newest of them whose manifest can be read; 0 if none can
  std::uint64_t tensors = 0;     ///< how many values were compared with their hashes; a value that
                                 ///< several versions share is read and counted once
  std::uint64_t bytes_read = 0;  ///< of values
  std::vector<VerifyFinding> findings;
  /// What is not covered, e.g. because pylance recorded no hash. One line each.
  std::vector<std::string> notes;
  /// Whether everything was checked and is as recorded.
  [[nodiscard]] bool ok() const { return findings.empty(); }
  /// How many findings are of this kind.
  [[nodiscard]] LANCEKEEP_API std::uint64_t count(FindingKind kind) const;
};

}  // namespace lancekeep
