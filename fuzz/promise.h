// SPDX-License-Identifier: Apache-2.0
// What every fuzz target holds a reader against: it reads or refuses with an Error that says why,
// and keeps what its header promises. Anything else ends the process, which is a finding.
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
/// A file that has these bytes, of exactly this size, so that a sanitizer sees the first too many.
[[nodiscard]] inline io::ByteView file_of(std::string_view content) {
  return io::ByteView::of(std::string(content), "input");
}

/// Ends the process where a promise is not kept.
void require(bool kept, std::string_view promise);

/// Returns whether `read` read. Lets everything else through but an Error that says why.
bool expect_read_or_refused(const std::function<void()>& read);

/// Holds memory that is there at once against a limit, from its construction on. Counts under the
/// sanitizers only, for one thread, and one at a time.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t bytes);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
};

}  // namespace lancekeep::fuzz
