// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_name.h"

#include <fmt/format.h>

#include <random>

namespace lancekeep::lance {

std::string new_data_file_name() {
  std::random_device random;
  std::uniform_int_distribution<unsigned> byte(0, 255);
  std::string name;
  for (int i = 0; i < 3; ++i) name += fmt::format("{:08b}", byte(random));
  for (int i = 3; i < 16; ++i) name += fmt::format("{:02x}", byte(random));
  return name + ".lance";
}

}  // namespace lancekeep::lance
