// SPDX-License-Identifier: Apache-2.0
// For tests: tensors in memory, and a folder that is removed when the test ends.
#pragma once

#include <lancekeep/store.h>

#include "io/testing/temporary_folder.h"
#include "tensor/source_testing.h"

#include <cstring>
#include <filesystem>
#include <fstream>

namespace lancekeep::store {

/// `count` float32 values that depend on `seed`.
inline std::string floats(std::size_t count, unsigned seed) {
  std::string bytes(count * sizeof(float), '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const float value = static_cast<float>(i * 7 + seed) * 0.25f;
    std::memcpy(bytes.data() + i * sizeof(float), &value, sizeof(value));
  }
  return bytes;
}

/// A small network: convolution, scalar, empty tensor, tied head.
inline MemorySource small_model(unsigned seed = 1) {
  MemorySource source;
  source.add("conv.weight", "float32", {2, 3, 2}, floats(12, seed));
  source.add("bn.num_batches", "int64", {}, std::string(8, '\7'));
  source.add("empty", "bfloat16", {0, 4}, "");
  source.add("head.weight", "float32", {5, 5}, floats(25, seed + 1));
  source.tie("embedding.weight", 0);
  return source;
}

/// A model of float64 tensors, which is the same in either layout.
inline MemorySource float64_model(unsigned seed = 1) {
  MemorySource source;
  source.add("conv.weight", "float64", {3, 5}, floats(30, seed));
  source.add("scalar", "float64", {}, floats(2, seed + 1));
  source.add("empty", "float64", {0, 4}, "");
  source.add("head.weight", "float64", {50, 50}, floats(5000, seed + 2));
  return source;
}

inline std::string text_of(const TensorView& view) {
  return {reinterpret_cast<const char*>(view.bytes().data()), view.bytes().size()};
}

using io::TemporaryFolder;

/// Every file below a folder with its content, for tests that nothing has changed; empty if the
/// folder does not exist.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), folder).string()] =
        std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

}  // namespace lancekeep::store
