// SPDX-License-Identifier: Apache-2.0
// Opens files below a folder by relative path, so that neither a path from a caller nor a link
// leads out of the folder. Immutable; any number of threads may use it.
#pragma once

#include "io/descriptor.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::io {

/// Throws unsafe unless `path` is relative and has no NUL and no empty, "." or ".." component.
void require_safe_path(std::string_view path, const std::string& file);

/// The absolute path without a trailing slash; it stays valid if the process changes its working
/// directory. Throws invalid_argument if the path is empty or contains a NUL.
[[nodiscard]] std::filesystem::path absolute_folder(const std::filesystem::path& folder);

class RootedPath {
 public:
  /// kernel: openat2(RESOLVE_BENEATH), which follows links that stay inside; if the system does not
  /// have or allow that call, as walk: component by component, rejecting every link.
  enum class Resolution { kernel, walk };

  /// @throws Error not_found; invalid_argument if it is not a folder.
  explicit RootedPath(const std::filesystem::path& folder,
                      Resolution resolution = Resolution::kernel);

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] int descriptor() const noexcept { return root_.get(); }
  /// "" is the folder itself.
  [[nodiscard]] std::string full_name(std::string_view path) const;

  /// Like open(2), but never creates a file and never waits for the other end of a pipe.
  [[nodiscard]] Descriptor open(const std::string& path, int flags) const;
  /// Unset if there is no such file.
  [[nodiscard]] std::optional<Descriptor> open_if_there(const std::string& path, int flags) const;
  /// The folder ("" is the folder itself), for listing, fsync and flock.
  [[nodiscard]] std::optional<Descriptor> open_folder_if_there(const std::string& path) const;

  /// For calls that create, rename or remove a name: they do not follow a link in the last
  /// component.
  struct Name {
    Descriptor folder;
    std::string last;
    std::string full;
  };
  [[nodiscard]] Name locate(const std::string& path) const;
  /// Unset if the folder of `path` does not exist.
  [[nodiscard]] std::optional<Name> locate_if_there(const std::string& path) const;

 private:
  std::filesystem::path folder_;
  Descriptor root_;
  Resolution resolution_;
};

}  // namespace lancekeep::io
