// SPDX-License-Identifier: Apache-2.0
// What the disk may hold of a folder after a power cut: for tests.
//
// POSIX promises little, and the model promises no more. What a file holds is certain up to its
// last fsync; beyond, any part of it may be missing, cut short or zeros. What a name stands for is
// certain as of the last fsync of its folder; after a cut it may stand for anything that it has
// stood for since, each name on its own. A rename is therefore two changes of names; neither the
// order of calls nor an fsync of the file vouches for a name. Any thread may call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace lancekeep::io {

/// One outcome of a power cut.
struct CrashState {
  enum class Kept {
    synced,  ///< what was synced, and nothing else
    all,     ///< everything that was done, as after the end of the process alone
    random,  ///< of what was not synced, a choice made by `seed`
  };
  Kept kept = Kept::synced;
  std::uint64_t seed = 0;
};

class DiskModel {
 public:
  /// What lies in `folder` now is on the disk, and so is the folder's own name, or not.
  explicit DiskModel(const std::filesystem::path& folder, bool folder_name_is_synced = true);

  using Inode = std::size_t;
  void make_folder(const std::string& path);
  Inode create(const std::string& path);
  void write(Inode file, std::span<const std::byte> bytes);
  void sync(Inode file);
  void rename(const std::string& from, const std::string& to);
  void remove(const std::string& path);
  void sync_file(const std::string& path);
  /// "" is the folder itself: the names in it, and its own.
  void sync_folder(const std::string& path);

  /// Makes `target`, which must not exist, as the folder may be found after a power cut now.
  void lay_down(const std::filesystem::path& target, const CrashState& state) const;

 private:
  struct File {
    std::string content;
    std::size_t synced = 0;  // bytes of content, from the front
  };
  using Binding = std::optional<Inode>;  // nothing: there is no such name
  // What the name stood for at the last sync of its folder, and everything since.
  using Name = std::vector<Binding>;
  using Folder = std::map<std::string, Name>;
  using Node = std::variant<File, Folder>;
  struct Choice;

  Inode add(Node node);
  Inode take_in(const std::filesystem::path& path);
  Inode find(const std::string& path) const;
  Name& name_at(const std::string& path);
  void bind(const std::string& path, Binding inode);
  void lay_down_name(const std::filesystem::path& target, const Name& name, Choice& choice) const;

  mutable std::mutex mutex_;
  std::vector<Node> nodes_;
  Name own_name_;
};

}  // namespace lancekeep::io
