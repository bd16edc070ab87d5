// SPDX-License-Identifier: Apache-2.0
// Models as JSON: [{"name", "dtype", "shape", "bytes", "tied_to"}, …]. "bytes" are hex digits, and
// "tied_to" is a name or null.
#pragma once

#include <lancekeep/store.h>

#include <nlohmann/json.hpp>

namespace lancekeep::testing {

using Json = nlohmann::json;

/// The tensors of a command, as a source to save. Throws invalid_argument for any other JSON.
class JsonSource : public TensorSource {
 public:
  explicit JsonSource(const Json& tensors);
  /// Kills the process, as kill -9 would, in the middle of the `number`-th read.
  void die_at(std::uint64_t number) { die_at_ = number; }

  std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override;

 private:
  std::vector<TensorSpec> specs_;
  std::vector<std::string> values_;
  std::uint64_t die_at_ = 0;
  std::uint64_t reads_ = 0;
};

/// A version that stays open, with the bytes of all its tensors mapped from its files.
struct OpenVersion {
  explicit OpenVersion(Version opened);
  [[nodiscard]] Json tensors() const;

  Version version;
  std::vector<TensorView> views;
};

[[nodiscard]] Json to_json(const VersionInfo& info);

}  // namespace lancekeep::testing
