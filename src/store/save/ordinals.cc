// SPDX-License-Identifier: Apache-2.0
#include "store/save/ordinals.h"

#include <algorithm>
#include <limits>

namespace lancekeep::store {
namespace {

constexpr std::int64_t kStep = 1 << 20;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// Positions of a longest strictly ascending subsequence of those that have a number.
std::vector<std::size_t> longest_ascending(std::span<const std::optional<std::int64_t>> kept) {
  std::vector<std::size_t> last;  // last[n]: where the best run of n + 1 numbers ends
  std::vector<std::size_t> before(kept.size(), kNone);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    const auto place =
        std::ranges::lower_bound(last, *kept[i], {}, [&](std::size_t at) { return *kept[at]; });
    if (place != last.begin()) before[i] = *(place - 1);
    if (place == last.end()) {
      last.push_back(i);
    } else {
      *place = i;
    }
  }
  std::vector<std::size_t> run;
  for (std::size_t i = last.empty() ? kNone : last.back(); i != kNone; i = before[i]) {
    run.push_back(i);
  }
  std::ranges::reverse(run);
  return run;
}

// Fills ordinals[first, last), between the fixed ones beside them; false where there is no room.
bool fill(std::vector<std::int64_t>& ordinals, std::size_t first, std::size_t last) {
  const std::uint64_t count = last - first;
  const bool has_left = first > 0, has_right = last < ordinals.size();
  const std::int64_t left = has_left ? ordinals[first - 1] : 0;
  const std::int64_t right = has_right ? ordinals[last] : 0;
  // Distances fit 64 bits without a sign, whatever the numbers are.
  const auto distance = [](std::int64_t from, std::int64_t to) {
    return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  };
  std::uint64_t step = kStep;
  if (has_left && has_right) {
    step = std::min<std::uint64_t>(kStep, distance(left, right) / (count + 1));
    if (step == 0) return false;
  } else if (has_left) {
    if (distance(left, std::numeric_limits<std::int64_t>::max()) / kStep < count) return false;
  } else if (has_right) {
    if (distance(std::numeric_limits<std::int64_t>::min(), right) / kStep < count) return false;
  }
  // The first of a model without a left neighbour stands at 0, or so far before its right one.
  std::uint64_t at = static_cast<std::uint64_t>(left);
  if (!has_left) at = has_right ? static_cast<std::uint64_t>(right) - step * (count + 1) : 0 - step;
  for (std::size_t i = first; i < last; ++i) {
    at += step;
    ordinals[i] = static_cast<std::int64_t>(at);
  }
  return true;
}

std::vector<std::int64_t> fresh(std::size_t count) {
  std::vector<std::int64_t> ordinals(count);
  for (std::size_t i = 0; i < count; ++i) ordinals[i] = static_cast<std::int64_t>(i) * kStep;
  return ordinals;
}

}  // namespace

std::vector<std::int64_t> assign_ordinals(std::span<const std::optional<std::int64_t>> kept) {
  std::vector<std::int64_t> ordinals(kept.size());
  std::size_t next = 0;  // the first that has no number yet
  std::vector<std::size_t> fixed = longest_ascending(kept);
  for (const std::size_t place : fixed) ordinals[place] = *kept[place];
  fixed.push_back(kept.size());
  for (const std::size_t place : fixed) {
    if (place > next && !fill(ordinals, next, place)) return fresh(kept.size());
    next = place + 1;
  }
  return ordinals;
}

}  // namespace lancekeep::store
