// SPDX-License-Identifier: Apache-2.0
// What torch keeps in an OrderedDict besides its entries: the `_metadata` of a state dict, which has
// the versions of the modules' layouts. It is a property of the version, `lancekeep.state_dicts`,
// as docs/format/tensors.md defines it: a JSON list of [path, metadata]. One owner, one thread.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/pickle/budgeted_vector.h"
#include "formats/torch/torch_file.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lancekeep::formats {

/// Collects the metadata while a checkpoint's containers are visited in preorder.
class StateDicts {
 public:
  /// `torch` must outlive it.
  explicit StateDicts(const TorchFile& torch)
      : torch_(torch), text_(*torch.budget, "the versions of modules") {}

  /// Visits the root, which has no tree. If it is an OrderedDict, that is recorded.
  void add_flat_root(PickleValue root);
  /// Visits a container that has rows.
  void add(PickleValue container);
  /// Visits the item at `place` of the container; leave() is called after it.
  void enter(const PickleNode& container, std::uint32_t place);
  void leave() { path_.pop_back(); }

  /// Adds the property to `metadata`, if there is anything to record, and a note if it is too long.
  void take(Metadata& metadata, std::vector<std::string>& notes);

 private:
  void add(PickleValue container, bool is_root);
  [[nodiscard]] std::string path_text() const;
  [[nodiscard]] std::string metadata_text(PickleValue pairs) const;

  const TorchFile& torch_;
  std::vector<std::pair<PickleValue, std::uint32_t>> path_;  // keys, or indices if absent
  BudgetedVector<char> text_;
  bool is_too_long_ = false;
  bool has_odd_ones_ = false;
};

}  // namespace lancekeep::formats
