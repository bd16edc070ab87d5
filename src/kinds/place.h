// SPDX-License-Identifier: Apache-2.0
// What is at a path that a user gave: messages for a place where a store or a model file was
// expected and something else, or nothing, was found. Any thread may call these functions.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace lancekeep::kinds {

/// What a folder is if it is neither a store nor a model file.
struct FolderKind {
  std::string_view what;    ///< "a torch.distributed.checkpoint (DCP) folder"
  std::string_view advice;  ///< how to get a model from it
  bool has_model = false;   ///< a model's own folder, which is read as that model
};

/// Looks at the names in a folder. Null if no kind fits, or if the folder cannot be listed.
[[nodiscard]] const FolderKind* find_folder_kind(const std::filesystem::path& folder);
[[nodiscard]] std::string describe(const FolderKind& kind);

/// Why a regular file cannot be a store: what it is, and how to get it into one.
/// @throws Error if the file cannot be read.
[[nodiscard]] std::string why_not_a_store(const std::filesystem::path& file);

/// Whether the text is a URL, such as "hf://…"; a path with "://" in a later part is not one.
[[nodiscard]] bool is_url(const std::filesystem::path& path);

/// Why nothing can be found at a path: a link whose target does not exist, a URL, or `-`. Empty if
/// there is no particular reason.
[[nodiscard]] std::string why_missing(const std::filesystem::path& path);

}  // namespace lancekeep::kinds
