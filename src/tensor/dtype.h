// SPDX-License-Identifier: Apache-2.0
// The dtypes that torch 2.13 has, by name and width. Every one of them takes whole bytes: the types
// of fewer than eight bits are stored one to a byte (int4) or named for what a byte packs
// (float4_e2m1fn_x2). Constant data; any thread may use it. dtype_itemsize() of
// <lancekeep/tensor.h> is defined here.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace lancekeep {

struct DtypeEntry {
  std::string_view name;
  std::size_t itemsize;
};

/// Sorted by name.
[[nodiscard]] std::span<const DtypeEntry> torch_dtypes() noexcept;

}  // namespace lancekeep
