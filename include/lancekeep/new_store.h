// SPDX-License-Identifier: Apache-2.0
// A store that appears at its path in one step, with all the versions that were saved into it.
//
// Until then it is a hidden folder beside that path. One thread at a time. If it is destroyed
// before publish(), nothing is left. All functions throw lancekeep::Error.
#pragma once

#include <lancekeep/store.h>
#include <lancekeep/visibility.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace lancekeep {

class LANCEKEEP_API NewStore {
 public:
  enum class Existing { refuse, replace };

  /// Nothing or an empty folder may be at `path`; with Existing::replace also a Lance dataset.
  /// @throws Error already_exists if something else is there (with Existing::replace:
  /// invalid_argument); not_found if the parent folder does not exist.
  explicit NewStore(const std::filesystem::path& path, Existing existing = Existing::refuse);
  NewStore(NewStore&& other) noexcept;
  NewStore& operator=(NewStore&& other) noexcept;
  /// Removes the hidden folder unless publish() succeeded.
  ~NewStore();

  /// The store to save versions into; must not be used after publish().
  [[nodiscard]] Store& store();
  /// Moves the store to its path, durably, including versions that were saved with
  /// SaveOptions::durable = false. It has the mode of the folder that it replaces, and where
  /// permitted the owner and group. Returns notes for the user: the versions and tags that went,
  /// where the replaced dataset's files that are not Lance's are now, how many folders of
  /// interrupted replacements were removed. Where the folder cannot be exchanged (overlayfs), the
  /// only version of store() is saved into it, and the older versions are removed.
  /// @throws Error already_exists or conflict if someone else was faster; unsupported if the folder
  /// cannot be exchanged and store() has several versions. Then nothing has changed.
  std::vector<std::string> publish();
  /// After publish(): the number of the version at the path that is the latest one of store(). It
  /// is another number only if the folder could not be exchanged.
  [[nodiscard]] std::uint64_t published_version() const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace lancekeep
