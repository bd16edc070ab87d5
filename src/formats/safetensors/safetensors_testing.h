// SPDX-License-Identifier: Apache-2.0
// For tests: makes safetensors files with a handmade header, and files in memory.
#pragma once

#include <lancekeep/tensor.h>

#include "io/descriptor.h"
#include "io/input_file.h"
#include "io/testing/bytes_testing.h"
#include "tensor/source_testing.h"

#include <sys/mman.h>

#include <cstdint>
#include <string>

namespace lancekeep::formats {

inline std::string safetensors_of(const std::string& header, const std::string& data) {
  return io::little_endian(header.size(), 8) + header + data;
}

/// Makes a file in memory.
inline io::InputFile file_of(const std::string& content,
                             const std::string& name = "m.safetensors") {
  io::Descriptor descriptor(::memfd_create(name.c_str(), MFD_CLOEXEC));
  io::write_all(descriptor.get(), std::as_bytes(std::span(content)), name);
  return io::InputFile(std::move(descriptor), name);
}

/// Returns `"name":{...}`.
inline std::string safetensors_entry(const std::string& name, const std::string& dtype,
                                     const std::string& shape, std::uint64_t begin,
                                     std::uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

}  // namespace lancekeep::formats
