// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/diff.h>
#include <lancekeep/store.h>

#include "store/diff/figures.h"
#include "store/diff/tensor_pair.h"

#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace lancekeep {
namespace {

using store::TensorPair;

using ByName = std::unordered_map<std::string_view, const TensorInfo*>;

ByName by_name(const Version& version) {
  ByName tensors;
  for (const TensorInfo& tensor : version.tensors()) tensors.emplace(tensor.name, &tensor);
  return tensors;
}

// A version of which a row cannot be read cannot be compared: what is said of the others would look
// like all there is.
void require_loadable(const Version& version) {
  (void)version.source();  // throws corrupt at the first damaged row, with its name
}

// A pair, and what is left to be read of it.
struct Task {
  TensorPair pair;
  std::optional<bool> same;  // nothing: its bytes will tell
  bool wants_figures;        // where it has changed

  [[nodiscard]] bool reads_bytes() const { return !same || (!*same && wants_figures); }
  [[nodiscard]] std::uint64_t bytes() const { return pair.before.nbytes + pair.after.nbytes; }
};

// Tells how far the reading of values has come.
class ReadingWatch {
 public:
  ReadingWatch(const DiffOptions& options, const std::vector<Task>& tasks) : options_(options) {
    for (const Task& task : tasks) total_ += task.reads_bytes() ? task.bytes() : 0;
  }
  void expect(std::uint64_t bytes) { total_ += bytes; }
  void add(std::uint64_t bytes, const std::string& tensor) {
    done_ += bytes;
    if (options_.progress) options_.progress(done_, total_, tensor);
  }

 private:
  const DiffOptions& options_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

bool same_bytes(const TensorPair& pair, ReadingWatch& watch) {
  bool same = true;
  pair.read([&](std::span<const std::byte> before, std::span<const std::byte> after) {
    same = same && std::memcmp(before.data(), after.data(), before.size()) == 0;
    watch.add(before.size() + after.size(), pair.after.name);
  });
  return same;
}

ChangeFigures figures_of(const TensorPair& pair, ReadingWatch& watch) {
  store::FigureSum sums(pair.after.dtype);
  pair.read([&](std::span<const std::byte> before, std::span<const std::byte> after) {
    sums.add(before, after);
    watch.add(before.size() + after.size(), pair.after.name);
  });
  return sums.figures();
}

void settle(const Task& task, ReadingWatch& watch, Diff& diff) {
  const TensorPair& pair = task.pair;
  if (task.same ? *task.same : same_bytes(pair, watch)) {
    diff.unchanged.push_back(pair.after);
    return;
  }
  TensorChange change{pair.before, pair.after, std::nullopt};
  if (task.wants_figures) {
    if (!task.same) watch.expect(task.bytes());  // a second time
    change.figures = figures_of(pair, watch);
  }
  diff.changed.push_back(std::move(change));
}

}  // namespace

Diff diff(const Version& before, const Version& after, const DiffOptions& options) {
  require_loadable(before);
  require_loadable(after);
  const ByName earlier = by_name(before);
  const ByName later = by_name(after);
  Diff diff;
  for (const TensorInfo& tensor : before.tensors()) {
    if (!later.contains(tensor.name)) diff.removed.push_back(tensor);
  }
  std::vector<Task> tasks;
  for (const TensorInfo& tensor : after.tensors()) {
    const auto it = earlier.find(tensor.name);
    if (it == earlier.end()) {
      diff.added.push_back(tensor);
      continue;
    }
    const TensorPair pair{before, *it->second, after, tensor};
    const bool figures = options.figures && pair.comparable() && store::has_figures(tensor.dtype);
    tasks.push_back({pair, pair.same_by_record(), figures});
  }
  ReadingWatch watch(options, tasks);
  for (const Task& task : tasks) settle(task, watch, diff);
  return diff;
}

Diff Store::diff(const Ref& before, const Ref& after, const DiffOptions& options) const {
  return lancekeep::diff(at(before), at(after), options);
}

}  // namespace lancekeep
