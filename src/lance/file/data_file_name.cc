// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_name.h"

#include "io/random_id.h"

#include <fmt/format.h>

namespace lancekeep::lance {

std::string new_data_file_name() {
  const std::uint64_t first = io::random_u64();
  const std::uint64_t second = io::random_u64();
  return fmt::format("{:024b}{:010x}{:016x}.lance", first >> 40, first & 0xff'ffff'ffff, second);
}

}  // namespace lancekeep::lance
