// SPDX-License-Identifier: Apache-2.0
#include "formats/export/tensor_export.h"

#include <lancekeep/error.h>

#include "tensor/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lancekeep::formats {
namespace {

constexpr std::size_t kMostListed = 10;

[[noreturn]] void fail(const std::filesystem::path& path, ErrorCode code,
                       const std::string& problem) {
  throw Error(code, problem, path.string());
}

}  // namespace

std::string describe(const TensorSpec& spec) {
  return fmt::format("`{}` ({} {})", spec.name, spec.dtype, to_string(spec.shape));
}

void require_none_rejected(const std::filesystem::path& path, std::string_view format,
                           std::vector<std::string> rejected) {
  if (rejected.empty()) return;
  const std::size_t more = rejected.size() - std::min(rejected.size(), kMostListed);
  rejected.resize(rejected.size() - more);
  fail(path, ErrorCode::unsupported,
       fmt::format("{} has no dtype for {}{}; nothing was written", format,
                   fmt::join(rejected, ", "), more ? fmt::format(" and {} more", more) : ""));
}

void require_byte_count(const std::filesystem::path& path, const TensorSpec& spec,
                        std::optional<std::uint64_t> expected) {
  if (expected == spec.nbytes) return;
  fail(path, ErrorCode::invalid_argument,
       fmt::format("tensor `{}` of dtype {} and shape {} cannot have {} bytes", spec.name,
                   spec.dtype, to_string(spec.shape), spec.nbytes));
}

std::string nesting_not_kept() {
  return "the nesting of the saved object: names are its keys, joined with dots";
}

std::string tie_not_kept(const TensorSpec& spec, std::span<const TensorSpec> specs) {
  return fmt::format("the tie of `{}` to `{}`: both are written in full", spec.name,
                     specs[spec.tied_to.value()].name);
}

void copy_tensor(const std::filesystem::path& path, TensorSource& source, std::size_t index,
                 const std::function<void(std::span<const std::byte>)>& write) {
  const TensorSpec& spec = source.tensors()[index];
  std::uint64_t written = 0;
  source.read(index, [&](std::span<const std::byte> piece) {
    if (piece.size() > spec.nbytes - written) {
      fail(path, ErrorCode::invalid_argument,
           fmt::format("the source yielded more than the {} bytes of tensor `{}`", spec.nbytes,
                       spec.name));
    }
    write(piece);
    written += piece.size();
    return true;
  });
  if (written != spec.nbytes) {
    fail(path, ErrorCode::invalid_argument,
         fmt::format("the source yielded {} of the {} bytes of tensor `{}`", written, spec.nbytes,
                     spec.name));
  }
}

}  // namespace lancekeep::formats
