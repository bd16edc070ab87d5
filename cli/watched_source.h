// SPDX-License-Identifier: Apache-2.0
// A TensorSource that tells of each piece read from another one: for a progress bar, and to stop.
#pragma once

#include <lancekeep/tensor.h>

#include <functional>
#include <memory>
#include <utility>

namespace lancekeep::cli {

class WatchedSource : public TensorSource {
 public:
  /// Gets the piece's size and its tensor's name; what it throws ends the read.
  using Watch = std::function<void(std::size_t bytes, std::string_view tensor)>;

  WatchedSource(std::unique_ptr<TensorSource> source, Watch watch)
      : source_(std::move(source)), watch_(std::move(watch)) {}

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return source_->tensors(); }
  [[nodiscard]] Metadata metadata() const override { return source_->metadata(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return source_->notes(); }

  void read(std::size_t index, const ByteSink& sink) override {
    source_->read(index, [&](std::span<const std::byte> piece) {
      watch_(piece.size(), source_->tensors()[index].name);
      return sink(piece);
    });
  }

 private:
  std::unique_ptr<TensorSource> source_;
  Watch watch_;
};

}  // namespace lancekeep::cli
