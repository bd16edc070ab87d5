// SPDX-License-Identifier: Apache-2.0
// Publishing a version: the step that makes a save visible, all of it or nothing.
#pragma once

#include "lance/table/dataset.h"

#include <functional>

namespace lancekeep::lance {

struct Publication {
  /// What it was planned on. 0: there was none.
  std::uint64_t read_version = 0;
  /// The newest name that there was, where it is not that of `read_version`: a torn manifest, which
  /// no one can read, and over which no one may write.
  std::optional<std::uint64_t> newest;
  /// `version`, flags, transaction names and writer are filled in by publish(). The time stamp it
  /// comes with is the earliest one allowed, that of the version before; `writer_flags` are those
  /// of the version before too, and refused where this build does not know them.
  Manifest manifest;
  Transaction transaction;  ///< `read_version` and `uuid` are filled in by publish()
  bool durable = true;
  /// Runs under the publish lock, right before the version gets its name: whether it may still have
  /// it.
  std::function<bool()> check;
  /// Runs once the version has its name: from here on the files it stands on belong to it, whatever
  /// publish() throws after that. Must not throw.
  std::function<void()> visible;
};

struct Published {
  std::uint64_t version = 0;
  std::uint64_t manifest_size = 0;
  std::uint64_t transaction_size = 0;
};

/// Publishes one above the newest version, or returns nothing, leaving no trace, where the newest
/// name is another one by now, or `check` says no: plan again. The files that the manifest names
/// must be written and synced already. Throws conflict where the store's folder was replaced. See
/// the numbered steps in publish.cc.
[[nodiscard]] std::optional<Published> publish(io::Storage& storage,
                                               const Publication& publication);

}  // namespace lancekeep::lance
