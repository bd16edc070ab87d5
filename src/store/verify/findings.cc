// SPDX-License-Identifier: Apache-2.0
#include "store/verify/findings.h"

#include "store/read/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace lancekeep::store {
namespace {

// More than anyone reads. Without a limit, a hostile store could fill the memory with findings.
constexpr std::size_t kMaxFindings = 100'000;

std::string key_of(const VerifyFinding& finding) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", to_string(finding.kind), finding.file.native(),
                     finding.offset ? std::to_string(*finding.offset) : "", finding.tensor,
                     finding.what);
}

std::uint64_t sort_key(const VerifyFinding& finding) {
  return finding.version == 0 ? std::numeric_limits<std::uint64_t>::max() : finding.version;
}

}  // namespace

VerifyFinding finding_of(const Error& error, std::uint64_t version, std::string tensor) {
  return {.version = version,
          .tensor = std::move(tensor),
          .file = error.file(),
          .offset = error.offset(),
          .what = error.message(),
          .kind = kind_of(error)};
}

std::string and_others(std::uint64_t others) {
  if (others == 0) return {};
  return fmt::format("; {} other version{} it too", others, others == 1 ? " has" : "s have");
}

void Findings::add(VerifyFinding finding, std::uint64_t newest) {
  ++added_;
  const auto [at, is_new] = index_.emplace(key_of(finding), entries_.size());
  if (!is_new) {
    Entry& entry = entries_[at->second];
    if (finding.version > entry.newest) ++entry.others;
    entry.newest = std::max(entry.newest, finding.version);
    return;
  }
  if (entries_.size() == kMaxFindings) {
    index_.erase(at);
    ++unlisted_;
    return;
  }
  newest = std::max(newest, finding.version);
  entries_.push_back({std::move(finding), newest});
}

void Findings::keep(const std::function<bool(std::uint64_t version)>& is_there) {
  index_.clear();
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry.finding.version != 0 && !is_there(entry.finding.version) &&
           !is_there(entry.newest);
  });
}

void Findings::report(VerifyReport& report) {
  std::ranges::stable_sort(entries_, {}, [](const Entry& e) { return sort_key(e.finding); });
  for (Entry& entry : entries_) {
    entry.finding.what += and_others(entry.others);
    report.findings.push_back(std::move(entry.finding));
  }
  report.notes = std::move(notes_);
  if (unlisted_ > 0)
    report.notes.push_back(fmt::format("{} more findings are not listed", unlisted_));
  *this = {};
}

}  // namespace lancekeep::store

namespace lancekeep {

const char* to_string(FindingKind kind) noexcept {
  switch (kind) {
    case FindingKind::damaged:
      return "damaged";
    case FindingKind::unchecked:
      return "unchecked";
    case FindingKind::not_read:
      break;
  }
  return "not_read";
}

std::uint64_t VerifyReport::count(FindingKind kind) const {
  return static_cast<std::uint64_t>(std::ranges::count(findings, kind, &VerifyFinding::kind));
}

}  // namespace lancekeep
