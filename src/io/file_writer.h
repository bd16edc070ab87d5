// SPDX-License-Identifier: Apache-2.0
// A new file that is written once, from front to back: the files of LocalStorage and AtomicFile.
// Only bytes that become known later than their place, such as a checksum in front of its data, are
// filled in afterwards. One thread at a time.
#pragma once

#include "io/descriptor.h"
#include "io/file_lock.h"
#include "io/storage.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lancekeep::io {

class FileWriter final : public WritableFile {
 public:
  /// `name` is for messages. `lock` is held on `descriptor` until it is closed.
  FileWriter(Descriptor descriptor, std::string name, FileLock lock = {});

  using WritableFile::write;
  void write(std::span<const std::byte> bytes) override;
  /// Overwrites bytes that were written before; position() stays.
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t position() const override { return position_; }
  void sync() override;
  void flush() override;
  /// Only position() may be called afterwards.
  void close();

 private:
  template <typename Action>
  void unless_failed(Action action);
  void start_write_back();

  Descriptor descriptor_;
  FileLock lock_;  // released before the descriptor is closed
  std::string name_;
  std::uint64_t position_ = 0;
  std::uint64_t written_back_ = 0;  ///< write-back has been started for the bytes before this one
  bool failed_ = false;
};

}  // namespace lancekeep::io
