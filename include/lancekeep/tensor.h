// SPDX-License-Identifier: Apache-2.0
// What a tensor is to Lancekeep: a name, a dtype, a shape, and bytes.
//
// Bytes are little-endian, row-major and contiguous. A dtype is torch's name for it without the
// "torch." prefix (`float32`, `bfloat16`, `float8_e4m3fn`), or `json` (UTF-8 text of a value that
// is not a tensor), or `tree`. A name that no table knows yet is carried through as it is.
#pragma once

#include <lancekeep/export.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep {

using Shape = std::vector<std::int64_t>;
using Metadata = std::map<std::string, std::string>;

/// Bytes of one value of `dtype` as torch 2.13 counts them, or nothing for a name it does not have.
[[nodiscard]] LANCEKEEP_API std::optional<std::size_t> dtype_itemsize(
    std::string_view dtype) noexcept;

/// A tensor's row in a version, without its values.
struct TensorInfo {
  std::string name;
  std::string dtype;
  Shape shape;
  std::uint64_t nbytes = 0;
  std::string hash;  ///< XXH3-128 of the bytes, 32 hex digits; empty if pylance wrote the row
  std::optional<std::string> tied_to;  ///< name of the tensor that this one shares its storage with
  std::string damage;  ///< why it cannot be loaded ("its dtype is null"); empty: it can
  bool is_tensor() const { return dtype != "json" && dtype != "tree"; }
};

/// The bytes of one tensor, in place. Copies are cheap and share the bytes; the mapping (or the
/// buffer) lives as long as any copy does, also after the Version and the Store are gone.
/// Immutable, so any number of threads may read it.
class TensorView {
 public:
  TensorView(std::string dtype, Shape shape, std::span<const std::byte> bytes,
             std::shared_ptr<const void> owner)
      : dtype_(std::move(dtype)),
        shape_(std::move(shape)),
        bytes_(bytes),
        owner_(std::move(owner)) {}

  [[nodiscard]] const std::string& dtype() const noexcept { return dtype_; }
  [[nodiscard]] const Shape& shape() const noexcept { return shape_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }
  /// What keeps bytes() alive; hand it to whoever takes over the pointer.
  [[nodiscard]] const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

 private:
  std::string dtype_;
  Shape shape_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

/// Takes a tensor's bytes piece by piece, in order; returns false to say that it has seen enough.
using ByteSink = std::function<bool(std::span<const std::byte> piece)>;

/// One tensor that a TensorSource offers.
struct TensorSpec {
  std::string name;
  std::string dtype;
  Shape shape;
  std::uint64_t nbytes = 0;
  std::optional<std::size_t> tied_to;  ///< index of an earlier entry with the same storage, offset,
                                       ///< shape, strides and dtype
};

/// Where a save takes its tensors from: a module, a file of another format, another version.
/// Not thread-safe. What tensors() returns stays the same for the life of the source.
class LANCEKEEP_API TensorSource {
 public:
  virtual ~TensorSource() = default;

  /// In model order; names are unique.
  [[nodiscard]] virtual std::span<const TensorSpec> tensors() const = 0;
  /// Pushes the `nbytes` bytes of tensors()[index] into `sink`, in pieces of any size, until it
  /// returns false. May be called more than once for an index; gives the same bytes each time.
  virtual void read(std::size_t index, const ByteSink& sink) = 0;
  /// Text that came with the tensors, such as safetensors' `__metadata__`.
  [[nodiscard]] virtual Metadata metadata() const { return {}; }
  /// Remarks a person should see, e.g. "a.weight and b.weight overlap; both are saved in full".
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
};

}  // namespace lancekeep
