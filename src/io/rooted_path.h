// SPDX-License-Identifier: Apache-2.0
// A folder that is held open, and the files beneath it by relative path: no path that is passed in,
// and no link found on the way, leads out of it. Immutable; any number of threads may use it.
#pragma once

#include "io/descriptor.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace lancekeep::io {

/// Throws unsafe unless `path` is relative and free of NUL and of empty, "." and ".." components.
void require_safe_path(std::string_view path, const std::string& file);

/// The absolute path without a slash at its end, which stays true when the program changes its
/// working folder. Throws invalid_argument for "" and for a NUL.
[[nodiscard]] std::filesystem::path absolute_folder(const std::filesystem::path& folder);

class RootedPath {
 public:
  /// kernel: openat2(RESOLVE_BENEATH), which follows links that stay inside; where the system has
  /// no such call, or forbids it, as walk: component by component, refusing every link.
  enum class Resolution { kernel, walk };

  /// @throws Error not_found; invalid_argument where it is not a folder.
  explicit RootedPath(const std::filesystem::path& folder,
                      Resolution resolution = Resolution::kernel);

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
  [[nodiscard]] int descriptor() const noexcept { return root_.get(); }
  /// "" is the folder itself.
  [[nodiscard]] std::string full_name(std::string_view path) const;

  /// As open(2); a file is not created by this. Never waits for a pipe's other end.
  [[nodiscard]] Descriptor open(const std::string& path, int flags) const;
  /// Nothing where there is no such file.
  [[nodiscard]] std::optional<Descriptor> open_if_there(const std::string& path, int flags) const;
  /// The folder "" or `path`, for reading its names, fsync and flock.
  [[nodiscard]] std::optional<Descriptor> open_folder_if_there(const std::string& path) const;

  /// For the calls that make, rename or remove a name: they take the last component as it is.
  struct Name {
    Descriptor folder;
    std::string last;
    std::string full;
  };
  [[nodiscard]] Name locate(const std::string& path) const;
  /// Nothing where there is no such folder.
  [[nodiscard]] std::optional<Name> locate_if_there(const std::string& path) const;

 private:
  std::filesystem::path folder_;
  Descriptor root_;
  Resolution resolution_;
};

}  // namespace lancekeep::io
