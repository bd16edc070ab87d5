// SPDX-License-Identifier: Apache-2.0
#include "store/save/check_source.h"

#include <lancekeep/error.h>

#include "lance/encoding/page_encoder.h"
#include "store/table/properties.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <unordered_set>

namespace lancekeep::store {
namespace {

constexpr std::size_t kMaxDims = 64;
constexpr std::uint64_t kMaxTensors = 1 << 24;

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::invalid_argument, what);
}

void check_spec(const TensorSpec& spec) {
  if (!is_utf8(spec.name)) refuse("a tensor's name is not valid UTF-8");
  if (spec.name.size() > lance::kMaxStringBytes) {
    refuse(fmt::format("a tensor's name has {} bytes, {} is the limit: `{}…`", spec.name.size(),
                       lance::kMaxStringBytes, spec.name.substr(0, 60)));
  }
  if (spec.dtype.empty() || spec.dtype.size() > 256 || !is_utf8(spec.dtype)) {
    refuse(fmt::format("tensor `{}` has no usable dtype name", spec.name));
  }
  if (spec.shape.size() > kMaxDims) {
    refuse(fmt::format("tensor `{}` has {} dimensions, {} is the limit", spec.name,
                       spec.shape.size(), kMaxDims));
  }
  const auto itemsize = dtype_itemsize(spec.dtype);
  if (!itemsize) return;
  const auto wanted = byte_count(spec.shape, *itemsize);
  if (!wanted)
    refuse(fmt::format(
        "tensor `{}` has an impossible shape {}: its size in bytes does not fit 64 bits", spec.name,
        to_string(spec.shape)));
  if (*wanted != spec.nbytes) {
    refuse(fmt::format("tensor `{}` announces {} bytes, {} {} needs {}", spec.name, spec.nbytes,
                       spec.dtype, to_string(spec.shape), *wanted));
  }
}

}  // namespace

void check_source(std::span<const TensorSpec> specs) {
  if (specs.size() > kMaxTensors)
    refuse(fmt::format("{} tensors are more than the {} that a version holds", specs.size(),
                       kMaxTensors));
  std::unordered_set<std::string_view> names;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    check_spec(specs[i]);
    if (!names.insert(specs[i].name).second)
      refuse(fmt::format("two tensors are named `{}`", specs[i].name));
    if (!specs[i].tied_to) continue;
    if (*specs[i].tied_to >= i || specs[*specs[i].tied_to].tied_to) {
      refuse(fmt::format("tensor `{}` is tied to something that is no tensor of its own before it",
                         specs[i].name));
    }
    const TensorSpec& target = specs[*specs[i].tied_to];
    if (target.dtype != specs[i].dtype || target.shape != specs[i].shape) {
      refuse(fmt::format("tensor `{}` is tied to `{}`, but differs in dtype or shape",
                         specs[i].name, target.name));
    }
  }
}

}  // namespace lancekeep::store
