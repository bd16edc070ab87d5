// SPDX-License-Identifier: Apache-2.0
// For this folder's tests: tensors made in memory, and a folder that goes when the test ends.
#pragma once

#include <lancekeep/store.h>

#include "io/temporary_folder.h"

#include <cstring>
#include <filesystem>
#include <fstream>

namespace lancekeep::store {

class MemorySource : public TensorSource {
 public:
  MemorySource& add(std::string name, std::string dtype, Shape shape, std::string bytes) {
    specs_.push_back(
        {std::move(name), std::move(dtype), std::move(shape), bytes.size(), std::nullopt});
    values_.push_back(std::move(bytes));
    return *this;
  }
  MemorySource& tie(std::string name, std::size_t target) {
    TensorSpec spec = specs_.at(target);
    spec.name = std::move(name);
    spec.tied_to = target;
    specs_.push_back(std::move(spec));
    values_.push_back(values_.at(target));
    return *this;
  }
  TensorSpec& spec(std::size_t index) { return specs_.at(index); }
  const std::string& value(std::size_t index) const { return values_.at(index); }

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override {
    // In two pieces, since a source may give any number of them.
    const auto bytes = std::as_bytes(std::span(values_[index]));
    if (sink(bytes.first(bytes.size() / 2))) sink(bytes.subspan(bytes.size() / 2));
  }

 private:
  std::vector<TensorSpec> specs_;
  std::vector<std::string> values_;
};

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

inline std::string text_of(const TensorView& view) {
  return {reinterpret_cast<const char*>(view.bytes().data()), view.bytes().size()};
}

using io::TemporaryFolder;

/// Every file below a folder with its content: what "the store is as it was" is held against.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[std::filesystem::relative(entry.path(), folder).string()] =
        std::string(std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

}  // namespace lancekeep::store
