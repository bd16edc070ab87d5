// SPDX-License-Identifier: Apache-2.0
// What a new version builds on, and the interface of a save in either layout.
// save.cc implements Store::save, restore.cc Store::restore.
#pragma once

#include <lancekeep/error.h>
#include <lancekeep/store.h>

#include "lance/table/commit.h"
#include "lance/table/manifest_file.h"
#include "store/table/tensor_table.h"

#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// The newest version, and its rows that can be shared.
struct SaveBase {
  std::uint64_t newest = 0;                 ///< newest version named in _versions; 0: none
  std::optional<lance::ManifestFile> file;  ///< the newest manifest that is not torn
  std::optional<Layout> layout;             ///< layout of that manifest
  TensorTable table;                        ///< its rows; empty if they cannot be read or shared
  bool trust_hashes = false;                ///< the table digest confirms its hashes
  std::vector<std::string> notes;           ///< why rows cannot be shared

  [[nodiscard]] std::uint64_t version() const { return file ? file->manifest.version : 0; }
};

/// One save, which needs several attempts if others commit first; what one attempt has written, the
/// next ones use. The destructor removes files that are not part of a version.
class LayoutSave {
 public:
  virtual ~LayoutSave() = default;
  /// Commits the source's tensors on top of `base`. Unset if someone else committed first: the base
  /// must then be read again.
  [[nodiscard]] virtual std::optional<lance::CommitResult> attempt(const SaveBase& base) = 0;
  /// Whether a version may refer to what was written, even if attempt() threw.
  [[nodiscard]] virtual bool is_visible() const = 0;
  /// The report of the attempt that committed.
  [[nodiscard]] virtual SaveReport report(const SaveBase& base,
                                          const lance::CommitResult& published) const = 0;
};

/// Reads the newest version that is not torn and, in the native layout, its rows. Damaged rows do
/// not prevent a save, but then nothing is shared with that version.
/// @throws Error invalid_argument for a dataset that is not a store; corrupt for a damaged
/// manifest.
[[nodiscard]] SaveBase read_base(const io::Storage& storage);

/// The layout of a version that a save can build on.
/// @throws Error invalid_argument for a dataset that does not keep a model.
[[nodiscard]] Layout require_store(const io::Storage& storage, const lance::Manifest& manifest);

/// @throws Error invalid_argument if `options` ask for a layout that is not the store's.
void require_layout(const io::Storage& storage, Layout layout, const SaveOptions& options);

/// Whether a clean-up may have caused `error`, so that the base should be read again: a file does
/// not exist, and the newest version named in _versions is no longer `newest`.
[[nodiscard]] bool is_outdated(const io::Storage& storage, std::uint64_t newest,
                               const Error& error);

/// How often a save or a restore is planned again because someone else committed first.
inline constexpr int kMaxCommitAttempts = 100;
/// Throws conflict: someone else committed first every time.
[[noreturn]] void too_many_attempts(const io::Storage& storage);

}  // namespace lancekeep::store
