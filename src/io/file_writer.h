// SPDX-License-Identifier: Apache-2.0
// Writes a new file once, from front to back: what LocalStorage's files and AtomicFile share. Only
// what was known too late, as a checksum in front of its bytes, is put in afterwards. One thread at
// a time.
#pragma once

#include "io/descriptor.h"

namespace lancekeep::io {

class FileWriter {
 public:
  FileWriter(Descriptor descriptor, std::string name);

  void write(std::span<const std::byte> bytes);
  /// Puts other bytes where some were written before; position() stays.
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }
  void sync();
  void flush();
  /// No call but position() may follow.
  void close();

 private:
  template <typename Action>
  void unless_failed(Action action);
  void start_write_back();

  Descriptor descriptor_;
  std::string name_;
  std::uint64_t position_ = 0;
  std::uint64_t written_back_ = 0;
  bool failed_ = false;
};

}  // namespace lancekeep::io
