// SPDX-License-Identifier: Apache-2.0
// Helpers for the writers of other formats: they reject what a format cannot store, and copy a
// tensor's bytes from its source into a file. Any thread may call them; a source belongs to one
// thread.
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

/// Returns "`a` (complex128 [2, 3])", for a list of rejected tensors.
[[nodiscard]] std::string describe(const TensorSpec& spec);

/// Throws unsupported unless `rejected` is empty: "`format` has no dtype for ..., ...; nothing was
/// written". Lists the first ten.
void require_none_rejected(const std::filesystem::path& path, std::string_view format,
                           std::vector<std::string> rejected);

/// Throws invalid_argument unless the tensor has `expected` bytes, the size of its dtype and shape.
void require_byte_count(const std::filesystem::path& path, const TensorSpec& spec,
                        std::optional<std::uint64_t> expected);

/// Return entries of ExportReport::not_kept.
[[nodiscard]] std::string nesting_not_kept();
[[nodiscard]] std::string tie_not_kept(const TensorSpec& spec, std::span<const TensorSpec> specs);

/// Passes the tensor's bytes to `write`. Throws invalid_argument if the source yields more or fewer
/// than its spec says.
void copy_tensor(const std::filesystem::path& path, TensorSource& source, std::size_t index,
                 const std::function<void(std::span<const std::byte>)>& write);

}  // namespace lancekeep::formats
