// SPDX-License-Identifier: Apache-2.0
#include "io/available_memory.h"

#include <lancekeep/error.h>

#include "io/checked_math.h"

#include <fmt/format.h>

#include <unistd.h>

#include <fstream>
#include <limits>

namespace lancekeep::io {

std::uint64_t available_memory() {
  std::ifstream figures("/proc/meminfo");
  std::string name;
  std::uint64_t kibibytes = 0;
  std::string unit;
  while (figures >> name >> kibibytes && std::getline(figures, unit)) {
    if (name == "MemAvailable:") return kibibytes * 1024;
  }
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  return checked_mul(pages, static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)))
      .value_or(std::numeric_limits<std::uint64_t>::max());
}

void require_memory(std::uint64_t length, const std::string& file) {
  // Not worth asking for what any machine has.
  constexpr std::uint64_t kAlwaysThere = std::uint64_t{16} << 20;
  if (length <= kAlwaysThere) return;
  const std::uint64_t available = available_memory();
  if (length > available) {
    throw Error(
        ErrorCode::io,
        fmt::format("needs {} bytes of memory, but only {} are available", length, available),
        file);
  }
}

}  // namespace lancekeep::io
