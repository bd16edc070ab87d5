// SPDX-License-Identifier: Apache-2.0
#include "io/memory_budget.h"

#include "io/checked_math.h"
#include "io/input_file.h"

#include <fmt/format.h>

#include <unistd.h>

#include <fstream>
#include <limits>
#include <utility>

namespace lancekeep::io {
namespace {

constexpr std::uint64_t kForAnyFile = 36 << 20;
constexpr std::uint64_t kFileBytesPerByte = 16;
constexpr char kLimit[] =
    "the limit for the structures of a file of this size; a model's weights need far less";

}  // namespace

std::uint64_t available_memory() {
  std::ifstream meminfo("/proc/meminfo");
  std::string name;
  std::uint64_t kibibytes = 0;
  std::string unit;
  while (meminfo >> name >> kibibytes && std::getline(meminfo, unit)) {
    if (name == "MemAvailable:") return kibibytes * 1024;
  }
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  return checked_mul(pages, static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)))
      .value_or(std::numeric_limits<std::uint64_t>::max());
}

void require_memory(std::uint64_t length, const std::string& file) {
  // Any machine has this much; do not ask.
  constexpr std::uint64_t kAlwaysAvailable = std::uint64_t{16} << 20;
  if (length <= kAlwaysAvailable) return;
  const std::uint64_t available = available_memory();
  if (length > available) {
    throw Error(
        ErrorCode::io,
        fmt::format("needs {} bytes of memory, but only {} are available", length, available),
        file);
  }
}

MemoryBudget::MemoryBudget(const InputFile& file)
    : MemoryBudget(limit_for(file.size()), file.name()) {}

MemoryBudget::MemoryBudget(std::uint64_t limit, std::string file)
    : limit_(limit), left_(limit), file_(std::move(file)) {}

std::uint64_t MemoryBudget::limit_for(std::uint64_t file_bytes) noexcept {
  return kForAnyFile + file_bytes / kFileBytesPerByte;
}

bool MemoryBudget::was_exceeded(const Error& error) {
  return error.code() == ErrorCode::unsupported &&
         error.message().find(kLimit) != std::string::npos;
}

void MemoryBudget::take(std::uint64_t bytes, std::string_view what) {
  if (bytes > left_) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{} would take more than {} bytes of memory, {}", what, limit_, kLimit),
                file_);
  }
  left_ -= bytes;
}

}  // namespace lancekeep::io
