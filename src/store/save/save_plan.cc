// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_plan.h"

#include <algorithm>
#include <limits>
#include <map>

namespace lancekeep::store {
namespace {

constexpr std::int64_t kStep = 1 << 20;  // between the ordinals of a new model
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// The positions of a longest strictly ascending subsequence of the entries that have a number.
std::vector<std::size_t> longest_ascending(std::span<const std::optional<std::int64_t>> kept) {
  std::vector<std::size_t> last;  // last[n] is where the best run of n + 1 numbers ends
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

// Fills ordinals[first, last) with numbers between their fixed neighbours; false if there is no
// room.
bool fill(std::vector<std::int64_t>& ordinals, std::size_t first, std::size_t last) {
  const std::uint64_t count = last - first;
  const bool has_left = first > 0, has_right = last < ordinals.size();
  const std::int64_t left = has_left ? ordinals[first - 1] : 0;
  const std::int64_t right = has_right ? ordinals[last] : 0;
  // Every distance fits into 64 unsigned bits, whatever the numbers are.
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
  // Without a left neighbour, the first number is 0, or far enough before the right neighbour.
  std::uint64_t at = static_cast<std::uint64_t>(left);
  if (!has_left) at = has_right ? static_cast<std::uint64_t>(right) - step * (count + 1) : 0 - step;
  for (std::size_t i = first; i < last; ++i) {
    at += step;
    ordinals[i] = static_cast<std::int64_t>(at);
  }
  return true;
}

std::vector<std::int64_t> evenly_spaced(std::size_t count) {
  std::vector<std::int64_t> ordinals(count);
  for (std::size_t i = 0; i < count; ++i) ordinals[i] = static_cast<std::int64_t>(i) * kStep;
  return ordinals;
}

constexpr std::uint64_t kFileBytes = 128ull << 20;
constexpr std::uint64_t kMaxFiles = 512;
constexpr std::size_t kSpareFragments = 32;
constexpr std::uint64_t kMoveBytes = 64 << 10;  // plus a quarter of what is written anyway
constexpr std::uint64_t kRowBytes = 512;        // at most this size for a row without its value
constexpr std::uint64_t kHardly = 64;  // "hardly anything": this many times as much is lost

class Planner {
 public:
  explicit Planner(const PlanInput& input)
      : input_(input), groups_(tie_groups(input.specs)), kept_(groups_.size()) {
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      kept_[g] = std::ranges::all_of(groups_[g], [&](std::size_t spec) {
        const auto& row = input.matches[spec];
        return row && !input.abandoned.contains(input.rows[*row].fragment);
      });
    }
  }

  SavePlan plan() {
    make_room();
    SavePlan plan;
    plan.keep.resize(input_.specs.size());
    std::vector<std::optional<std::int64_t>> ordinals(input_.specs.size());
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (!kept_[g]) {
        plan.write.push_back(groups_[g]);
        continue;
      }
      for (const std::size_t spec : groups_[g]) {
        plan.keep[spec] = input_.matches[spec];
        ordinals[spec] = input_.rows[*input_.matches[spec]].ordinal;
      }
    }
    plan.ordinals = assign_ordinals(ordinals);
    return plan;
  }

 private:
  struct Load {
    std::uint64_t bytes = 0;
    std::uint64_t lost = 0;  // bytes of the values that are not kept
    std::vector<std::size_t> groups;
  };

  std::uint64_t bytes_of(std::size_t group) const {
    return input_.specs[groups_[group].front()].nbytes + kRowBytes * groups_[group].size();
  }

  // What is kept and lost of each fragment.
  std::map<std::size_t, Load> loads() const {
    std::map<std::size_t, Load> loads;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (!kept_[g]) continue;
      for (const std::size_t spec : groups_[g]) {
        Load& load = loads[input_.rows[*input_.matches[spec]].fragment];
        if (!load.groups.empty() && load.groups.back() == g) continue;
        load.groups.push_back(g);
        load.bytes += bytes_of(g);
      }
    }
    add_lost_bytes(loads);
    return loads;
  }

  void add_lost_bytes(std::map<std::size_t, Load>& loads) const {
    std::vector<bool> stays(input_.rows.size());
    for (const auto& [fragment, load] : loads) {
      for (const std::size_t group : load.groups) {
        for (const std::size_t spec : groups_[group]) stays[*input_.matches[spec]] = true;
      }
    }
    for (std::size_t row = 0; row < input_.rows.size(); ++row) {
      const auto load = loads.find(input_.rows[row].fragment);
      if (stays[row] || load == loads.end() || !input_.rows[row].value) continue;
      load->second.lost += input_.rows[row].value->size;
    }
  }

  std::vector<ValueGroup> written() const {
    std::vector<ValueGroup> written;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      if (!kept_[g]) written.push_back(groups_[g]);
    }
    return written;
  }

  // Empties the smallest fragments while there are too many. A save that writes no values moves
  // none either, so that it stays cheap.
  void make_room() {
    const std::vector<ValueGroup> write = written();
    if (write.empty()) return;
    const std::size_t limit = plan_files(input_.specs, groups_).size() + kSpareFragments;
    const std::map<std::size_t, Load> all = loads();
    std::size_t count = all.size() + plan_files(input_.specs, write).size();
    std::uint64_t budget = kMoveBytes;
    for (const ValueGroup& group : write) budget += input_.specs[group.front()].nbytes / 4;

    std::vector<const Load*> smallest;
    for (const auto& [fragment, load] : all) {
      if (fragment < input_.first_own) smallest.push_back(&load);
    }
    std::ranges::stable_sort(smallest, {}, &Load::bytes);
    // Once there are too many, empty some more: this costs less than moving rows in every save from
    // then on.
    const std::size_t enough = count > limit ? limit - kSpareFragments / 2 : limit;
    for (const Load* load : smallest) {
      if (load->bytes > budget) return;
      if (count <= enough && load->lost / kHardly < load->bytes) continue;
      budget -= load->bytes;
      for (const std::size_t group : load->groups) kept_[group] = false;
      --count;
    }
  }

  const PlanInput& input_;
  const std::vector<ValueGroup> groups_;
  std::vector<bool> kept_;
};

}  // namespace

std::vector<ValueGroup> tie_groups(std::span<const TensorSpec> specs) {
  std::vector<ValueGroup> groups;
  std::vector<std::size_t> group_of(specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].tied_to) {  // tied to an earlier entry
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
  // Two consecutive files together are always larger than the limit, so half of the maximum is
  // enough.
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

std::vector<std::int64_t> assign_ordinals(std::span<const std::optional<std::int64_t>> kept) {
  std::vector<std::int64_t> ordinals(kept.size());
  std::size_t next = 0;  // the first entry without a number
  std::vector<std::size_t> fixed = longest_ascending(kept);
  for (const std::size_t place : fixed) ordinals[place] = *kept[place];
  fixed.push_back(kept.size());
  for (const std::size_t place : fixed) {
    if (place > next && !fill(ordinals, next, place)) return evenly_spaced(kept.size());
    next = place + 1;
  }
  return ordinals;
}

SavePlan plan_save(const PlanInput& input) { return Planner(input).plan(); }

bool must_relabel(const TensorRow& row, const TensorRow& wanted) {
  return row.name != wanted.name || row.ordinal != wanted.ordinal || row.hash != wanted.hash ||
         row.tied_to != wanted.tied_to;
}

}  // namespace lancekeep::store
