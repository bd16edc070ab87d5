// SPDX-License-Identifier: Apache-2.0
// What a verification has found so far. Versions share files, so one piece of damage shows up in
// several of them: it is listed once, for the oldest. Versions must be checked oldest first. One
// thread.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/verify.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lancekeep::store {

/// Makes a finding of an error.
[[nodiscard]] VerifyFinding finding_of(const Error& error, std::uint64_t version,
                                       std::string tensor = {});
/// Suffix of a finding: "; N other versions have it too". Empty for 0.
[[nodiscard]] std::string and_others(std::uint64_t others);

class Findings {
 public:
  /// `newest` is the newest version that is known to have the finding, if it is not the finding's
  /// own.
  void add(VerifyFinding finding, std::uint64_t newest = 0);
  void add(const Error& error, std::uint64_t version, std::string tensor = {}) {
    add(finding_of(error, version, std::move(tensor)));
  }
  void note(std::string text) { notes_.push_back(std::move(text)); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// How often add() was called.
  [[nodiscard]] std::uint64_t added() const { return added_; }
  /// Drops findings of versions that have since been removed; `is_there` says which versions
  /// remain.
  void keep(const std::function<bool(std::uint64_t version)>& is_there);
  /// Moves everything into the report, sorted by version; findings of no version come last.
  void report(VerifyReport& report);

 private:
  struct Entry {
    VerifyFinding finding;
    std::uint64_t newest = 0;  ///< the newest version that has it
    std::uint64_t others = 0;  ///< versions that have it besides the oldest
  };
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> index_;  ///< by everything in a finding except its version
  std::vector<std::string> notes_;
  std::uint64_t unlisted_ = 0;
  std::uint64_t added_ = 0;
};

}  // namespace lancekeep::store
