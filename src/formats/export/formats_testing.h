// SPDX-License-Identifier: Apache-2.0
// For tests: a fixture for writers of model files, and functions that list the names in a folder or
// a source.
#pragma once

#include <lancekeep/tensor.h>

#include "io/testing/temporary_folder.h"
#include "tensor/source_testing.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace lancekeep::formats {

inline std::vector<std::string> tensor_names(const TensorSource& source) {
  std::vector<std::string> names;
  for (const TensorSpec& spec : source.tensors()) names.push_back(spec.name);
  return names;
}

/// A folder to write into, and a source to write.
class WriterTest : public testing::Test {
 protected:
  /// Adds a uint8 tensor of `bytes` copies of its name's first letter.
  void add(const std::string& name, std::size_t bytes) {
    source_.add(name, "uint8", {static_cast<std::int64_t>(bytes)}, std::string(bytes, name[0]));
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return folder_.path() / name;
  }
  [[nodiscard]] std::set<std::string> file_names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  io::TemporaryFolder folder_;
  MemorySource source_;
};

}  // namespace lancekeep::formats
