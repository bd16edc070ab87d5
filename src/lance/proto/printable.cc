// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/printable.h"

#include <fmt/format.h>

namespace lancekeep::lance {

std::string printable(std::string_view name) {
  constexpr std::size_t longest = 200;
  std::string result;
  for (const char c : name.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_control = byte < 0x20 || byte == 0x7f;
    result += is_control ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return name.size() > longest ? result + "…" : result;
}

}  // namespace lancekeep::lance
