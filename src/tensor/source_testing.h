// SPDX-License-Identifier: Apache-2.0
// For tests: tensors made in memory, and the bytes of any source's tensors.
#pragma once

#include <lancekeep/tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace lancekeep {

class MemorySource : public TensorSource {
 public:
  MemorySource& add(std::string name, std::string dtype, Shape shape, std::string bytes,
                    std::optional<std::size_t> tied_to = std::nullopt) {
    specs.push_back({std::move(name), std::move(dtype), std::move(shape), bytes.size(), tied_to});
    content.push_back(std::move(bytes));
    return *this;
  }
  MemorySource& tie(std::string name, std::size_t target) {
    const TensorSpec spec = specs.at(target);
    return add(std::move(name), spec.dtype, spec.shape, content.at(target), target);
  }
  TensorSpec& spec(std::size_t index) { return specs.at(index); }
  [[nodiscard]] const std::string& value(std::size_t index) const { return content.at(index); }

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs; }
  void read(std::size_t index, const ByteSink& sink) override {
    // In two pieces, since a source may give any number of them.
    const auto bytes = std::as_bytes(std::span(content.at(index)));
    if (sink(bytes.first(bytes.size() / 2))) sink(bytes.subspan(bytes.size() / 2));
  }
  [[nodiscard]] Metadata metadata() const override { return text; }
  [[nodiscard]] std::vector<std::string> notes() const override { return remarks; }

  std::vector<TensorSpec> specs;
  std::vector<std::string> content;
  Metadata text;
  std::vector<std::string> remarks;
};

inline std::string bytes_of(TensorSource& source, std::size_t index) {
  std::string text;
  source.read(index, [&](std::span<const std::byte> piece) {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return true;
  });
  return text;
}

}  // namespace lancekeep
