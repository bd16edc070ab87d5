// SPDX-License-Identifier: Apache-2.0
// Where an export goes: FILE with the version's number filled in, and what stands there already.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace lancekeep::cli {

/// Whether `file` has a place for a version's number in it.
/// @throws Error invalid_argument for one in another form than `{version}` and `{version:04}`.
[[nodiscard]] bool has_version(const std::string& file);
/// "epoch-{version:03}.npz" of version 7: "epoch-007.npz".
[[nodiscard]] std::string with_version(const std::string& file, std::uint64_t version);

enum class Shards { none, allowed };
/// The file must not be there; where shards may be written, neither must their index or any of
/// them.
/// @throws Error already_exists.
void require_nothing_there(const std::filesystem::path& target, Shards shards);

}  // namespace lancekeep::cli
