// SPDX-License-Identifier: Apache-2.0
// What a file is, from its name and its first bytes: the model files that Lancekeep reads, and what
// people often have in place of one. Each kind that cannot be read has advice on how to get a model
// out of it. Any thread may call these functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace lancekeep::kinds {

/// find_file_kind() looks at up to this many bytes.
inline constexpr std::uint64_t kHeadLength = 512;

/// What reads a kind of file.
enum class Reader : std::uint8_t { none, safetensors, zip, npy, pickle, index };

struct FileKind {
  std::string_view what;    ///< "a GGUF file of llama.cpp"
  std::string_view advice;  ///< how to get a model from it; empty if there is a reader
  Reader reader = Reader::none;
};

/// Returns the kind of the file at `path`, of which `head` is the first kHeadLength bytes, or all.
/// Null if no kind fits. Only the name of `path` is used.
[[nodiscard]] const FileKind* find_file_kind(const std::filesystem::path& path,
                                             std::string_view head);

/// Returns "this is a GGUF file of llama.cpp: …", with the advice of a kind without a reader.
[[nodiscard]] std::string describe(const FileKind& kind);

/// Whether the name ends as names of model files and archives do, in any case: `.safetensors`,
/// `.pth`, `.npz`, `.tar.gz` and so on. A store must not be called so.
[[nodiscard]] bool is_file_name(const std::filesystem::path& path);

}  // namespace lancekeep::kinds
