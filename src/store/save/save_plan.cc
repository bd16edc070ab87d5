// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_plan.h"

#include "store/save/ordinals.h"

#include <algorithm>
#include <map>

namespace lancekeep::store {
namespace {

constexpr std::size_t kSpareFragments = 32;
constexpr std::uint64_t kMoveBytes = 64 << 10;  // and a quarter of what is written anyway
constexpr std::uint64_t kRowBytes = 512;        // what a row takes beside its value, at most
constexpr std::uint64_t kHardly = 64;           // so many times as much goes as stays

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
    std::uint64_t lost = 0;  // bytes of values that go
    std::vector<std::size_t> groups;
  };

  std::uint64_t bytes_of(std::size_t group) const {
    return input_.specs[groups_[group].front()].nbytes + kRowBytes * groups_[group].size();
  }

  // What stays in each fragment.
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

  // Empties the smallest fragments, while there are too many of them. A save that writes nothing
  // moves nothing: it is to cost nothing.
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
    // Once there are too many, some more than that go: moving a few rows now and then costs less
    // than moving many at each save.
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

SavePlan plan_save(const PlanInput& input) { return Planner(input).plan(); }

bool must_relabel(const TensorRow& row, const TensorRow& wanted) {
  return row.name != wanted.name || row.ordinal != wanted.ordinal || row.hash != wanted.hash ||
         row.tied_to != wanted.tied_to;
}

}  // namespace lancekeep::store
