// SPDX-License-Identifier: Apache-2.0
// For tests: zip archives that only store, small enough to be changed at one place.
#pragma once

#include "io/bytes_testing.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace lancekeep::formats {

using io::little_endian;

inline constexpr std::size_t kZipLocalSize = 30;
inline const std::string kZipLocal = "PK\x03\x04";
inline const std::string kZipCentral = "PK\x01\x02";
inline const std::string kZipEnd = "PK\x05\x06";

using ZipContent = std::vector<std::pair<std::string, std::string>>;

/// What a local and a central header have in common, from the flags to the lengths.
inline std::string zip_facts(const std::string& name, std::size_t size) {
  return little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 8) + little_endian(size, 4) +
         little_endian(size, 4) + little_endian(name.size(), 2) + little_endian(0, 2);
}

inline std::string zip_end(std::size_t entries, std::size_t size, std::size_t offset) {
  return kZipEnd + little_endian(0, 4) + little_endian(entries, 2) + little_endian(entries, 2) +
         little_endian(size, 4) + little_endian(offset, 4) + little_endian(0, 2);
}

inline std::string zip_of(const ZipContent& content) {
  std::string locals;
  std::string directory;
  for (const auto& [name, bytes] : content) {
    const std::string facts = zip_facts(name, bytes.size());
    directory += kZipCentral + little_endian(0, 4) + facts + little_endian(0, 10) +
                 little_endian(locals.size(), 4) + name;
    locals += kZipLocal + little_endian(0, 2) + facts + name + bytes;
  }
  return locals + directory + zip_end(content.size(), directory.size(), locals.size());
}

/// `bytes` with `change` at `shift` bytes behind the last place where `mark` stands.
inline std::string changed(std::string bytes, const std::string& mark, std::size_t shift,
                           const std::string& change) {
  return bytes.replace(bytes.rfind(mark) + shift, change.size(), change);
}

}  // namespace lancekeep::formats
