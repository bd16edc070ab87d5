// SPDX-License-Identifier: Apache-2.0
// The invariants that all fuzz targets check: a reader either reads its input or throws an Error
// with a message, and keeps the promises of its header. Anything else aborts the process, which the
// fuzzer reports as a finding. One thread at a time.
#pragma once

#include "io/byte_view.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace lancekeep::fuzz {

inline std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}
/// A file with these bytes, in an allocation of exactly their size, so that a sanitizer reports any
/// read beyond its end.
[[nodiscard]] inline io::ByteView file_of(std::string_view content) {
  return io::ByteView::of(std::string(content), "input");
}

/// Aborts the process, printing `invariant`, unless it `holds`.
void require(bool holds, std::string_view invariant);

/// Calls `read` and returns whether it succeeded; false if it threw an Error with a message. Other
/// exceptions pass through.
bool expect_read_or_rejected(const std::function<void()>& read);

/// Aborts the process if more than `bytes` are allocated at once while this object lives. Counts
/// only under the sanitizers, for one thread, and with one such object at a time.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
};

}  // namespace lancekeep::fuzz
