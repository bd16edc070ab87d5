// SPDX-License-Identifier: Apache-2.0
// What the writers of other formats have in common: how they refuse what their format has no place
// for, and how a tensor's bytes get from its source into the file. Any thread may call these; a
// source belongs to one.
#pragma once

#include <lancekeep/tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

/// "`a` (complex128 [2, 3])", for a list of what is refused.
[[nodiscard]] std::string describe(const TensorSpec& spec);

/// Throws unsupported where `refused` is not empty: "`format` has no dtype for ..., ...; nothing
/// was written". Of many, the first ten are named.
void require_none_refused(const std::filesystem::path& path, std::string_view format,
                          std::vector<std::string> refused);

/// Throws invalid_argument unless the tensor has the bytes that its dtype and shape take.
void require_byte_count(const std::filesystem::path& path, const TensorSpec& spec,
                        std::optional<std::uint64_t> expected);

/// Lines for ExportReport::not_kept.
[[nodiscard]] std::string nesting_not_kept();
[[nodiscard]] std::string tie_not_kept(const TensorSpec& spec, std::span<const TensorSpec> specs);

/// Hands the tensor's bytes to `write`; throws invalid_argument where the source gives more or
/// fewer than it said.
void copy_tensor(const std::filesystem::path& path, TensorSource& source, std::size_t index,
                 const std::function<void(std::span<const std::byte>)>& write);

}  // namespace lancekeep::formats
