// SPDX-License-Identifier: Apache-2.0
// A store that appears at its place in one step, with all the versions that were saved into it.
//
// It is filled in a hidden folder beside that place. May be used from one thread at a time. A store
// that is not published leaves nothing behind. All functions throw lancekeep::Error.
#pragma once

#include <lancekeep/export.h>
#include <lancekeep/store.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace lancekeep {

class LANCEKEEP_API NewStore {
 public:
  enum class Existing { refuse, replace };

  /// `path` may be free or an empty folder; with Existing::replace also a Lance dataset.
  /// @throws Error already_exists if something is there; with Existing::replace invalid_argument
  /// for anything but a dataset; not_found if the parent folder does not exist.
  explicit NewStore(const std::filesystem::path& path, Existing existing = Existing::refuse);
  NewStore(NewStore&& other) noexcept;
  NewStore& operator=(NewStore&& other) noexcept;
  /// Removes the store unless it was published.
  ~NewStore();

  /// The store to save versions into; must not be used once it is published.
  [[nodiscard]] Store& store();
  /// Puts the store at its place, durably: also what was saved with SaveOptions::durable = false.
  /// Returns notes for the user: where files of the replaced dataset are that Lance does not write,
  /// and how many folders of interrupted replacements were removed.
  /// @throws Error already_exists or conflict where someone else was faster; then nothing changed.
  std::vector<std::string> publish();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace lancekeep
