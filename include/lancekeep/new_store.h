// SPDX-License-Identifier: Apache-2.0
// A store that appears at its path in one step, with all the versions that were saved into it.
//
// Until then it is a hidden folder beside that path. One thread at a time. If it is destroyed
// before publish(), nothing is left. All functions throw lancekeep::Error.
#pragma once

#include <lancekeep/store.h>
#include <lancekeep/visibility.h>

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
  /// SaveOptions::durable = false. Returns notes for the user: where the replaced dataset's files
  /// that are not Lance's are now, and how many folders of interrupted replacements were removed.
  /// @throws Error already_exists or conflict if someone else was faster; then nothing has changed.
  std::vector<std::string> publish();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace lancekeep
