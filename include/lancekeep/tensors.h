// SPDX-License-Identifier: Apache-2.0
// Ready-made tensor sources: tensors in memory, some tensors of another source, or some under shorter
// names, and a source that calls a function as it is read. One thread at a time.
#pragma once

#include <lancekeep/tensor.h>
#include <lancekeep/visibility.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lancekeep {

/// Tensors in memory, in the order in which they are added. Values are not copied.
/// @throws Error invalid_argument, with the source unchanged, from each function that adds a
/// tensor: for a name that is empty, taken or not UTF-8, for an empty dtype, for a negative
/// dimension, and for a byte count that does not fit shape and dtype.
class LANCEKEEP_API Tensors : public TensorSource {
 public:
  /// The source keeps `owner`, which keeps `bytes` alive; without an owner, the caller must keep
  /// them alive. The bytes must not change while a save or an export reads them.
  Tensors& add(std::string name, std::string dtype, Shape shape, std::span<const std::byte> bytes,
               std::shared_ptr<const void> owner = nullptr);

  /// Adds a vector of numbers, which the source owns; the dtype is kDtypeOf<T>.
  template <class T>
  Tensors& add(std::string name, Shape shape, std::vector<T> values) {
    static_assert(!kDtypeOf<T>.empty(), "no dtype has elements of this type; see kDtypeOf");
    const auto owner = std::make_shared<const std::vector<T>>(std::move(values));
    return add(std::move(name), std::string(kDtypeOf<T>), std::move(shape),
               std::as_bytes(std::span(*owner)), owner);
  }

  /// Adds a second name for the tensor `target`, which is saved once.
  /// @throws Error invalid_argument, also if `target` does not exist.
  Tensors& tie(std::string name, std::string_view target);

  void set_metadata(Metadata metadata) { metadata_ = std::move(metadata); }

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  /// The whole value, without a copy.
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t index) const;
  /// Pushes the whole value as one piece.
  void read(std::size_t index, const ByteSink& sink) override;
  [[nodiscard]] Metadata metadata() const override { return metadata_; }

 private:
  struct Value {
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
  };
  void append(TensorSpec spec, Value value);

  std::vector<TensorSpec> specs_;
  std::vector<Value> values_;
  std::unordered_map<std::string, std::size_t> index_;
  Metadata metadata_;
};

/// Some tensors of another source, in its order, with its metadata and notes. If tensors are tied
/// to one that is left out, the first of them that is kept becomes untied and the others are tied
/// to it.
class LANCEKEEP_API Subset : public TensorSource {
 public:
  /// Calls `select` once for each name, in order.
  Subset(std::unique_ptr<TensorSource> source,
         const std::function<bool(std::string_view name)>& select);

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override;
  [[nodiscard]] Metadata metadata() const override { return source_->metadata(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return source_->notes(); }

 private:
  std::unique_ptr<TensorSource> source_;
  std::vector<TensorSpec> specs_;
  std::vector<std::size_t> indices_;  // of the tensors in source_
};

/// The tensors of another source whose names start with a prefix, under the rest of their names:
/// without `model.`, `model.head.weight` is `head.weight`, and `epoch` is left out. So is the row of
/// dtype `tree`, which describes all names. Order, ties, metadata and notes are as in a Subset.
class LANCEKEEP_API WithoutPrefix : public TensorSource {
 public:
  /// Shares `source`.
  /// @throws Error invalid_argument if the prefix is empty; not_found if no name starts with it.
  WithoutPrefix(std::shared_ptr<TensorSource> source, const std::string& prefix);

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override;
  [[nodiscard]] Metadata metadata() const override { return source_->metadata(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return source_->notes(); }

 private:
  std::shared_ptr<TensorSource> source_;
  std::vector<TensorSpec> specs_;
  std::vector<std::size_t> indices_;  // of the tensors in source_
};

/// Another source, with a call before each piece that is read from it: for a progress bar, or to
/// stop the read.
class LANCEKEEP_API Watched : public TensorSource {
 public:
  /// Called with the size of the piece in bytes and the name of its tensor. If it throws, read()
  /// stops and rethrows the exception.
  using Watch = std::function<void(std::size_t bytes, std::string_view tensor)>;

  Watched(std::unique_ptr<TensorSource> source, Watch watch);

  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return source_->tensors(); }
  void read(std::size_t index, const ByteSink& sink) override;
  [[nodiscard]] Metadata metadata() const override { return source_->metadata(); }
  [[nodiscard]] std::vector<std::string> notes() const override { return source_->notes(); }

 private:
  std::unique_ptr<TensorSource> source_;
  Watch watch_;
};

}  // namespace lancekeep
