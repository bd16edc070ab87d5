// SPDX-License-Identifier: Apache-2.0
#include "io/memory_budget.h"

#include <lancekeep/error.h>

#include "io/input_file.h"

#include <fmt/format.h>

#include <utility>

namespace lancekeep::io {
namespace {

constexpr std::uint64_t kForAnyFile = 36 << 20;
constexpr std::uint64_t kFileBytesPerByte = 16;

}  // namespace

MemoryBudget::MemoryBudget(const InputFile& file)
    : MemoryBudget(limit_for(file.size()), file.name()) {}

MemoryBudget::MemoryBudget(std::uint64_t limit, std::string file)
    : limit_(limit), left_(limit), file_(std::move(file)) {}

std::uint64_t MemoryBudget::limit_for(std::uint64_t file_bytes) noexcept {
  return kForAnyFile + file_bytes / kFileBytesPerByte;
}

void MemoryBudget::take(std::uint64_t bytes, std::string_view what) {
  if (bytes > left_) {
    throw Error(ErrorCode::unsupported,
                fmt::format("{} would take more than {} bytes of memory, which is what the "
                            "structures of a file of this size may have; a model's weights need "
                            "far less",
                            what, limit_),
                file_);
  }
  left_ -= bytes;
}

}  // namespace lancekeep::io
