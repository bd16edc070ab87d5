// SPDX-License-Identifier: Apache-2.0
// An input of fuzz_page: the message and the buffers of one page. All sizes come first, so that a
// change in one part does not move the others.
//
//   u8 kind | u16 rows | u8 buffers | u16 bytes of the message | u16 bytes of each buffer | message
//   | buffers; missing parts are empty
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::fuzz {

enum class PageKind : std::uint8_t {
  v2_1 = 0,  ///< also for 2.2, which has the same pages
  v2_0_values = 1,
  v2_0_dictionary = 2,
  v2_0_blobs = 3,
};
inline constexpr std::uint8_t kPageKinds = 4;
inline constexpr std::size_t kMaxPageBuffers = 6;

struct PageCase {
  PageKind kind{};
  std::uint16_t rows = 0;
  std::string message;
  std::vector<std::string> buffers;
};

[[nodiscard]] PageCase decode_page_case(std::string_view input);
/// Parts that are too large for the format are truncated.
[[nodiscard]] std::string encode_page_case(const PageCase& page);

}  // namespace lancekeep::fuzz
