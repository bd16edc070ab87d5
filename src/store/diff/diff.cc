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

// A version of which a row cannot be read cannot be compared: what is said of the others would look
// like all there is.
void require_loadable(const Version& version) {
  (void)version.source();  // throws corrupt at the first damaged row, with its name
}

// The tensors of a version that can be loaded. A name may stand in several rows of a recipe
// dataset: then it is the tensor that loading it gives.
class Tensors {
 public:
  explicit Tensors(const Version& version) {
    require_loadable(version);
    for (const TensorInfo& tensor : version.tensors()) {
      if (!by_name_.contains(tensor.name)) in_order_.push_back(&version.find(tensor.name));
      by_name_.emplace(tensor.name, in_order_.back());
    }
  }
  [[nodiscard]] const std::vector<const TensorInfo*>& in_order() const { return in_order_; }
  [[nodiscard]] const TensorInfo* find(std::string_view name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : it->second;
  }

 private:
  std::vector<const TensorInfo*> in_order_;
  std::unordered_map<std::string_view, const TensorInfo*> by_name_;
};

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

ChangeNorms figures_of(const TensorPair& pair, ReadingWatch& watch) {
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
    change.norms = figures_of(pair, watch);
  }
  diff.changed.push_back(std::move(change));
}

}  // namespace

Diff diff(const Version& before, const Version& after, const DiffOptions& options) {
  const Tensors earlier(before);
  const Tensors later(after);
  Diff diff;
  for (const TensorInfo* tensor : earlier.in_order()) {
    if (later.find(tensor->name) == nullptr) diff.removed.push_back(*tensor);
  }
  std::vector<Task> tasks;
  for (const TensorInfo* tensor : later.in_order()) {
    const TensorInfo* const was = earlier.find(tensor->name);
    if (was == nullptr) {
      diff.added.push_back(*tensor);
      continue;
    }
    const TensorPair pair{before, *was, after, *tensor};
    const bool figures = options.norms && pair.comparable() && store::has_figures(tensor->dtype);
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
