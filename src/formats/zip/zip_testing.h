// SPDX-License-Identifier: Apache-2.0
// For tests: makes small archives of stored entries, and changes them at one place.
#pragma once

#include "formats/zip/zip_archive.h"
#include "io/testing/bytes_testing.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

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
inline const std::string kZip64End = "PK\x06\x06";
inline const std::string kZip64Locator = "PK\x06\x07";

using ZipContent = std::vector<std::pair<std::string, std::string>>;

/// The fields that local headers and records share, from the flags to the lengths.
inline std::string zip_shared_fields(const std::string& name, std::size_t size) {
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
    const std::string shared = zip_shared_fields(name, bytes.size());
    directory += kZipCentral + little_endian(0, 4) + shared + little_endian(0, 10) +
                 little_endian(locals.size(), 4) + name;
    locals += kZipLocal + little_endian(0, 2) + shared + name + bytes;
  }
  return locals + directory + zip_end(content.size(), directory.size(), locals.size());
}

/// Finds the last `mark`, and overwrites the bytes at `shift` after its start with `change`.
inline std::string changed(std::string bytes, const std::string& mark, std::size_t shift,
                           const std::string& change) {
  return bytes.replace(bytes.rfind(mark) + shift, change.size(), change);
}

/// Adds zip64 end records that say that the archive has `entries` entries.
inline std::string with_zip64_end(std::string bytes, std::uint64_t entries) {
  const std::size_t end = bytes.rfind(kZipEnd);
  const std::size_t start = bytes.find(kZipCentral);
  const std::string record = kZip64End + little_endian(44, 8) + little_endian(0, 12) +
                             little_endian(entries, 8) + little_endian(entries, 8) +
                             little_endian(end - start, 8) + little_endian(start, 8);
  const std::string locator =
      kZip64Locator + little_endian(0, 4) + little_endian(end, 8) + little_endian(1, 4);
  return bytes.insert(end, record + locator);
}

/// Adds `extra` to the only record of an archive of one entry.
inline std::string with_central_extra(std::string bytes, const std::string& extra) {
  const std::size_t end = bytes.rfind(kZipEnd);
  const std::size_t size = end - bytes.rfind(kZipCentral);
  bytes = changed(bytes, kZipCentral, 30, little_endian(extra.size(), 2));
  bytes.insert(end, extra);
  return changed(bytes, kZipEnd, 12, little_endian(size + extra.size(), 4));
}

/// Adds `extra` to the local header of an archive of one entry.
inline std::string with_local_extra(std::string bytes, const std::string& name,
                                    const std::string& extra) {
  bytes = changed(bytes, kZipLocal, 28, little_endian(extra.size(), 2));
  bytes.insert(kZipLocalSize + name.size(), extra);
  return changed(bytes, kZipEnd, 16, little_endian(bytes.rfind(kZipCentral), 4));
}

class ZipTest : public testing::Test {
 protected:
  ZipArchive open(const std::string& bytes) {
    return ZipArchive(io::InputFile(folder_.write("a.zip", bytes)));
  }
  auto opening(const std::string& bytes) {
    return [this, bytes] { (void)open(bytes); };
  }

  io::TemporaryFolder folder_;
  const std::string two_ = zip_of({{"m/data.pkl", "pickle"}, {"m/data/0", "bytes"}});
  const std::string one_ = zip_of({{"a", "12345"}});
};

}  // namespace lancekeep::formats
