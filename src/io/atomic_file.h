// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name whole or not at all; for what is written outside a store.
#pragma once

#include "io/descriptor.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace lancekeep::io {

/// Writes a file elsewhere than in a store, for exports: to a temporary name in the same folder,
/// which is renamed to `path` by commit(), after an fsync of the file and before one of the folder.
/// Destroyed without commit(), it removes what it wrote. A file that is replaced passes its
/// permissions on. One thread at a time.
class AtomicFile {
 public:
  /// @throws Error not_found where there is no such folder, invalid_argument where `path` names
  /// something that is not a file, as a folder or a device.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  void write(std::span<const std::byte> bytes);
  /// Puts other bytes where some were written before; position() stays.
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t position() const;
  void commit();

 private:
  friend class AtomicFileSet;
  /// `name` in an open folder that several files share.
  AtomicFile(std::shared_ptr<const Descriptor> folder, const std::filesystem::path& path);
  /// The halves of commit(): all bytes on the disk, under the temporary name; then the rename,
  /// without an fsync of the folder.
  void finish();
  void rename();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lancekeep::io
