// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/diff.h>
#include <lancekeep/store.h>

#include "store/diff/norms.h"
#include "store/diff/tensor_pair.h"

#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace lancekeep {
namespace {

using store::TensorPair;

// The tensors of a version by name. If several rows of a plain dataset share a name, the name means
// the row that it loads, which is the last one.
class TensorsByName {
 public:
  // A version with a damaged row cannot be compared: a diff of the other rows would look complete.
  explicit TensorsByName(const Version& version) {
    (void)version.source();  // throws corrupt at the first damaged row, with its name
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

// A pair of tensors, and why its values must be read.
struct Task {
  TensorPair pair;
  std::optional<bool> same;  // unset: only the bytes can decide it
  bool wants_norms;          // computed only if the tensor has changed

  [[nodiscard]] bool reads_bytes() const { return !same || (!*same && wants_norms); }
  [[nodiscard]] std::uint64_t bytes() const { return pair.before.nbytes + pair.after.nbytes; }
};

// Reports the progress of reading values.
class ReadingProgress {
 public:
  ReadingProgress(const DiffOptions& options, const std::vector<Task>& tasks) : options_(options) {
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

bool same_bytes(const TensorPair& pair, ReadingProgress& progress) {
  bool same = true;
  pair.read([&](std::span<const std::byte> before, std::span<const std::byte> after) {
    same = same && std::memcmp(before.data(), after.data(), before.size()) == 0;
    progress.add(before.size() + after.size(), pair.after.name);
  });
  return same;
}

ChangeNorms norms_of(const TensorPair& pair, ReadingProgress& progress) {
  store::NormSum sums(pair.after.dtype);
  pair.read([&](std::span<const std::byte> before, std::span<const std::byte> after) {
    sums.add(before, after);
    progress.add(before.size() + after.size(), pair.after.name);
  });
  return sums.norms();
}

void compare(const Task& task, ReadingProgress& progress, Diff& diff) {
  const TensorPair& pair = task.pair;
  if (task.same ? *task.same : same_bytes(pair, progress)) {
    diff.unchanged.push_back(pair.after);
    return;
  }
  TensorChange change{pair.before, pair.after, std::nullopt};
  if (task.wants_norms) {
    if (!task.same) progress.expect(task.bytes());  // for the second reading
    change.norms = norms_of(pair, progress);
  }
  diff.changed.push_back(std::move(change));
}

}  // namespace

Diff diff(const Version& before, const Version& after, const DiffOptions& options) {
  const TensorsByName earlier(before);
  const TensorsByName later(after);
  Diff diff;
  for (const TensorInfo* tensor : earlier.in_order()) {
    if (later.find(tensor->name) == nullptr) diff.removed.push_back(*tensor);
  }
  std::vector<Task> tasks;
  for (const TensorInfo* tensor : later.in_order()) {
    const TensorInfo* const old = earlier.find(tensor->name);
    if (old == nullptr) {
      diff.added.push_back(*tensor);
      continue;
    }
    const TensorPair pair{before, *old, after, *tensor};
    const bool norms = options.norms && pair.comparable() && store::has_norms(tensor->dtype);
    tasks.push_back({pair, pair.same_by_record(), norms});
  }
  ReadingProgress progress(options, tasks);
  for (const Task& task : tasks) compare(task, progress, diff);
  return diff;
}

Diff Store::diff(const Ref& before, const Ref& after, const DiffOptions& options) const {
  return lancekeep::diff(at(before), at(after), options);
}

}  // namespace lancekeep
