// SPDX-License-Identifier: Apache-2.0
// For tests: safetensors files around a header written by hand, and tensors in memory.
#pragma once

#include "io/bytes_testing.h"
#include "io/descriptor.h"
#include "io/input_file.h"

#include <lancekeep/tensor.h>
#include <sys/mman.h>

#include <cstdint>
#include <string>

namespace lancekeep::formats {

inline std::string safetensors_of(const std::string& header, const std::string& data) {
  return io::little_endian(header.size(), 8) + header + data;
}

/// A file in memory.
inline io::InputFile file_of(const std::string& content,
                             const std::string& name = "m.safetensors") {
  io::Descriptor descriptor(::memfd_create(name.c_str(), MFD_CLOEXEC));
  io::write_all(descriptor.get(), std::as_bytes(std::span(content)), name);
  return io::InputFile(std::move(descriptor), name);
}

/// `"name":{...}`
inline std::string safetensors_entry(const std::string& name, const std::string& dtype,
                                     const std::string& shape, std::uint64_t begin,
                                     std::uint64_t end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
         ",\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

/// Tensors in memory.
class MemorySource : public TensorSource {
 public:
  void add(const std::string& name, const std::string& dtype, const Shape& shape,
           const std::string& bytes, std::optional<std::size_t> tied_to = std::nullopt) {
    specs.push_back({name, dtype, shape, bytes.size(), tied_to});
    content.push_back(bytes);
  }
  std::span<const TensorSpec> tensors() const override { return specs; }
  void read(std::size_t index, const ByteSink& sink) override {
    (void)sink(std::as_bytes(std::span(content.at(index))));
  }
  Metadata metadata() const override { return text; }

  std::vector<TensorSpec> specs;
  std::vector<std::string> content;
  std::vector<std::string> notes() const override { return remarks; }

  std::vector<std::string> remarks;
  Metadata text;
};

inline std::string bytes_of(TensorSource& source, std::size_t index) {
  std::string text;
  source.read(index, [&](std::span<const std::byte> piece) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  return text;
}

}  // namespace lancekeep::formats
