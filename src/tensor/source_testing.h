// SPDX-License-Identifier: Apache-2.0
// For tests: a source that can contradict itself, the bytes of any source's tensors, and torch's
// dtypes.
#pragma once

#include <lancekeep/tensor.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep {

/// Tensors in memory. Unlike Tensors it owns its values and checks nothing, so that tests can make
/// it break the rules of a TensorSource.
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
    // In two pieces, since a source may push any number of pieces.
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

/// The name and itemsize of every torch.dtype of torch 2.13.
inline constexpr std::pair<std::string_view, std::size_t> kTorchDtypes[] = {{"bfloat16", 2},
                                                                            {"bits16", 2},
                                                                            {"bits1x8", 1},
                                                                            {"bits2x4", 1},
                                                                            {"bits4x2", 1},
                                                                            {"bits8", 1},
                                                                            {"bool", 1},
                                                                            {"complex128", 16},
                                                                            {"complex32", 4},
                                                                            {"complex64", 8},
                                                                            {"float16", 2},
                                                                            {"float32", 4},
                                                                            {"float4_e2m1fn_x2", 1},
                                                                            {"float64", 8},
                                                                            {"float8_e4m3fn", 1},
                                                                            {"float8_e4m3fnuz", 1},
                                                                            {"float8_e5m2", 1},
                                                                            {"float8_e5m2fnuz", 1},
                                                                            {"float8_e8m0fnu", 1},
                                                                            {"int1", 1},
                                                                            {"int16", 2},
                                                                            {"int2", 1},
                                                                            {"int3", 1},
                                                                            {"int32", 4},
                                                                            {"int4", 1},
                                                                            {"int5", 1},
                                                                            {"int6", 1},
                                                                            {"int64", 8},
                                                                            {"int7", 1},
                                                                            {"int8", 1},
                                                                            {"qint32", 4},
                                                                            {"qint8", 1},
                                                                            {"quint2x4", 1},
                                                                            {"quint4x2", 1},
                                                                            {"quint8", 1},
                                                                            {"uint1", 1},
                                                                            {"uint16", 2},
                                                                            {"uint2", 1},
                                                                            {"uint3", 1},
                                                                            {"uint32", 4},
                                                                            {"uint4", 1},
                                                                            {"uint5", 1},
                                                                            {"uint6", 1},
                                                                            {"uint64", 8},
                                                                            {"uint7", 1},
                                                                            {"uint8", 1}};

}  // namespace lancekeep
