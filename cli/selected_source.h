// SPDX-License-Identifier: Apache-2.0
// A TensorSource with some of the tensors of another one.
#pragma once

#include <lancekeep/tensor.h>

#include <functional>
#include <memory>

namespace lancekeep::cli {

class SelectedSource : public TensorSource {
 public:
  /// Asks `takes` once for each name, in order. Of tied tensors whose first one is left out, the
  /// next takes its place: it is tied to none, and those behind it are tied to it.
  SelectedSource(std::unique_ptr<TensorSource> source,
                 const std::function<bool(std::string_view name)>& takes);

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  [[nodiscard]] Metadata metadata() const override { return source_->metadata(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return source_->notes(); }
  void read(std::size_t index, const ByteSink& sink) override {
    source_->read(places_.at(index), sink);
  }

 private:
  std::unique_ptr<TensorSource> source_;
  std::vector<TensorSpec> specs_;
  std::vector<std::size_t> places_;  // of each tensor, its index in source_
};

}  // namespace lancekeep::cli
