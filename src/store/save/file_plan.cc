// SPDX-License-Identifier: Apache-2.0
#include "store/save/file_plan.h"

#include <algorithm>

namespace lancekeep::store {
namespace {

constexpr std::uint64_t kFileBytes = 128ull << 20;
constexpr std::uint64_t kMaxFiles = 512;

}  // namespace

std::vector<ValueGroup> tie_groups(std::span<const TensorSpec> specs) {
  std::vector<ValueGroup> groups;
  std::vector<std::size_t> group_of(specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].tied_to) {  // an earlier entry
      group_of[i] = group_of[*specs[i].tied_to];
      groups[group_of[i]].push_back(i);
    } else {
      group_of[i] = groups.size();
      groups.push_back({i});
    }
  }
  return groups;
}

std::vector<FilePlan> plan_files(std::span<const TensorSpec> specs,
                                 std::span<const ValueGroup> groups) {
  std::uint64_t total = 0;
  for (const ValueGroup& group : groups) total += specs[group.front()].nbytes;
  // Of two files that follow each other, only together need they be larger than the limit.
  const std::uint64_t limit = std::max(kFileBytes, total / (kMaxFiles / 2));
  std::vector<FilePlan> plans;
  std::uint64_t bytes = 0;
  for (const ValueGroup& group : groups) {
    const std::uint64_t nbytes = specs[group.front()].nbytes;
    if (plans.empty() || (bytes > 0 && nbytes > limit - std::min(bytes, limit))) {
      plans.emplace_back();
      bytes = 0;
    }
    plans.back().push_back(group);
    bytes += nbytes;
  }
  return plans;
}

}  // namespace lancekeep::store
