// SPDX-License-Identifier: Apache-2.0
// An input of fuzz_page: one page, its message and its buffers, with the sizes in front, so that a
// change of the one leaves the others where they are.
//
//   u8 kind | u16 rows | u8 buffers | u16 bytes of the message | u16 bytes of each buffer | message
//   | buffers; what is missing is empty
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::fuzz {

enum class PageKind : std::uint8_t {
  v2_1 = 0,  ///< 2.2 has the same pages
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
/// What is too large for the form is cut off.
[[nodiscard]] std::string encode_page_case(const PageCase& page);

}  // namespace lancekeep::fuzz
