// SPDX-License-Identifier: Apache-2.0
// Tags: _refs/tags/<name>.json, as pylance writes and reads them.
#pragma once

#include "io/storage.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::lance {

struct Tag {
  std::uint64_t version = 0;
  std::optional<std::string> branch;
  std::optional<std::uint64_t> manifest_size;  ///< of the version, when the tag was set
};

/// Throws invalid_argument unless `name` is letters, digits, ".", "_", "-", at most 128 of them,
/// not all digits, not "latest", and no dot leads, ends or follows another (pylance refuses those),
/// nor ".lock" ends it.
void check_tag_name(const std::string& name);

/// Names of all tag files, sorted; also those of names that check_tag_name() would not take.
[[nodiscard]] std::vector<std::string> list_tags(const io::Storage& storage);
/// Throws not_found (with the names there are), or corrupt.
[[nodiscard]] Tag read_tag(const io::Storage& storage, const std::string& name);
/// Creates a tag, or moves it where `force`; the caller holds the publish lock and has checked the
/// version. Throws already_exists, naming the version the tag stands for.
void write_tag(io::Storage& storage, const std::string& name, std::uint64_t version,
               std::uint64_t manifest_size, bool force, bool durable);
/// Throws not_found.
void remove_tag(io::Storage& storage, const std::string& name);

}  // namespace lancekeep::lance
