// SPDX-License-Identifier: Apache-2.0
// What a verification has found so far. Versions share their files, so one piece of damage shows in
// several of them: it is listed once, for the oldest. Versions are to be looked at oldest first.
// One thread.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/verify.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lancekeep::store {

/// The same error as a finding.
[[nodiscard]] VerifyFinding finding_of(const Error& error, std::uint64_t version,
                                       std::string tensor = {});
/// Behind a finding's words: how many versions beside the named one have it.
[[nodiscard]] std::string and_others(std::uint64_t others);

class Findings {
 public:
  /// `newest`: the newest version that is known to have it, where the finding's own is not.
  void add(VerifyFinding finding, std::uint64_t newest = 0);
  void add(const Error& error, std::uint64_t version, std::string tensor = {}) {
    add(finding_of(error, version, std::move(tensor)));
  }
  void note(std::string text) { notes_.push_back(std::move(text)); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// Forgets what only versions showed that are gone by now: someone removed them meanwhile.
  void keep(const std::function<bool(std::uint64_t version)>& is_there);
  /// Moves all into the report: by version, those of no version last.
  void report(VerifyReport& report);

 private:
  struct Entry {
    VerifyFinding finding;
    std::uint64_t newest = 0;  ///< version that showed it
    std::uint64_t others = 0;  ///< versions beside the oldest
  };
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> index_;  ///< by all that a finding says but its version
  std::vector<std::string> notes_;
  std::uint64_t unlisted_ = 0;
};

}  // namespace lancekeep::store
