// SPDX-License-Identifier: Apache-2.0
// For tests: makes .npy files with a handmade header, and archives of them.
#pragma once

#include <lancekeep/tensor.h>

#include "formats/zip/zip_writer.h"
#include "io/testing/bytes_testing.h"
#include "tensor/source_testing.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lancekeep::formats {

inline std::string npy_of(const std::string& header, const std::string& values) {
  return std::string("\x93NUMPY\x01\0", 8) + io::little_endian(header.size(), 2) + header + values;
}

inline std::string npy_header(const std::string& descr, const std::string& shape,
                              const std::string& fortran_order = "False") {
  return "{'descr': " + descr + ", 'fortran_order': " + fortran_order + ", 'shape': " + shape +
         ", }";
}

/// Writes an archive of these entries with correct checksums. The names must include ".npy".
inline std::filesystem::path write_archive(
    const std::filesystem::path& path,
    const std::vector<std::pair<std::string, std::string>>& entries) {
  ZipWriter writer(path);
  for (const auto& [name, bytes] : entries) {
    writer.begin_entry(name, bytes.size());
    writer.write(std::as_bytes(std::span(bytes)));
    writer.end_entry();
  }
  writer.commit();
  return path;
}

}  // namespace lancekeep::formats
