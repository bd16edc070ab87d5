// SPDX-License-Identifier: Apache-2.0
// Who may use a folder that takes the place of another one: owner, group, mode (with the setgid and
// sticky bits) and access control lists. Free functions; all throw Error.
#pragma once

#include <filesystem>
#include <string>

namespace lancekeep::io {

/// Makes a folder that only its owner may enter. @throws Error already_exists.
void make_private_folder(const std::filesystem::path& folder);

/// Gives `target` the owner, group, mode and access control lists of `model`; both are files or
/// both are folders, and neither is a link. If the user may not set the group, the mode gives the
/// group no more than it gives everybody, so that nobody gains access. Returns what could not be
/// kept, for the user: empty if everything was.
[[nodiscard]] std::string copy_permissions(const std::filesystem::path& model,
                                           const std::filesystem::path& target);

}  // namespace lancekeep::io
