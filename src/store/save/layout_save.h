// SPDX-License-Identifier: Apache-2.0
// One save at work, in either layout: it may need several attempts, where others publish first;
// what is written once stays written.
#pragma once

#include <lancekeep/store.h>

#include "lance/table/commit.h"
#include "store/save/save_base.h"

#include <optional>

namespace lancekeep::store {

/// What is not published when it is destroyed is removed.
class LayoutSave {
 public:
  virtual ~LayoutSave() = default;
  /// Publishes the source's tensors upon `base`, or returns nothing where someone else was faster:
  /// read the base again then.
  [[nodiscard]] virtual std::optional<lance::CommitResult> attempt(const SaveBase& base) = 0;
  /// Whether a version may stand on what was written, though the attempt threw.
  [[nodiscard]] virtual bool is_visible() const = 0;
  /// Of the attempt that published.
  [[nodiscard]] virtual SaveReport report(const SaveBase& base,
                                          const lance::CommitResult& published) const = 0;
};

}  // namespace lancekeep::store
