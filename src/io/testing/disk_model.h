// SPDX-License-Identifier: Apache-2.0
// For tests: what can be left of a folder on the disk after a power cut.
//
// POSIX promises little, and the model promises no more. A file's content is certain up to its last
// fsync; any part after that can be missing, truncated or zeros. What a name refers to is certain
// as of the last fsync of its folder; after a power cut it can refer to anything that it has
// referred to since, each name independently. A rename is therefore two changes of names. Neither
// the order of calls nor an fsync of the file makes a name durable. Any thread may call it.
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
    all,     ///< everything, as if only the process had died
    random,  ///< what was synced, and a part of the rest, chosen by `seed`
  };
  Kept kept = Kept::synced;
  std::uint64_t seed = 0;
};

class DiskModel {
 public:
  /// Starts with the content of `folder` synced; the folder's own name may be synced or not.
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

  /// Creates `target`, which must not exist, as the folder could be if the power were cut now.
  void lay_down(const std::filesystem::path& target, const CrashState& state) const;

 private:
  struct File {
    std::string content;
    std::size_t synced = 0;  // bytes of content, from the front
  };
  using Binding = std::optional<Inode>;  // unset: the name does not exist
  // What the name referred to at the last sync of its folder, and everything since.
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
