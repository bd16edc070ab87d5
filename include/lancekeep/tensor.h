// SPDX-License-Identifier: Apache-2.0
// A tensor in Lancekeep is a name, a dtype, a shape, and bytes.
//
// Bytes are little-endian, row-major and contiguous. A dtype is torch's name for it without the
// "torch." prefix (`float32`, `bfloat16`, `float8_e4m3fn`), or `json` (UTF-8 text of a value that
// is not a tensor), or `tree` (how a checkpoint nests its values). Unknown dtypes are stored
// unchanged. The functions here are pure; any thread may call them.
#pragma once

#include <lancekeep/visibility.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep {

/// Sizes of the dimensions; empty for a scalar.
using Shape = std::vector<std::int64_t>;
using Metadata = std::map<std::string, std::string>;

/// "[2, 3]"; "[]" for a scalar.
[[nodiscard]] LANCEKEEP_API std::string to_string(std::span<const std::int64_t> shape);

/// Bytes per element as torch 2.13 counts them (a dtype of fewer than eight bits takes a whole
/// byte); unset for a dtype that torch 2.13 does not have.
[[nodiscard]] LANCEKEEP_API std::optional<std::size_t> dtype_itemsize(
    std::string_view dtype) noexcept;

/// The dtype whose elements have the C++ type T. Only the types below have a dtype: C++20 has no
/// type for float16, bfloat16, the float8 dtypes, or dtypes that pack several values into a byte.
/// `bool` is left out because a byte of a file can be other than 0 or 1, and complex dtypes because
/// their elements are pairs of T.
template <class T>
inline constexpr std::string_view kDtypeOf = {};
template <>
inline constexpr std::string_view kDtypeOf<float> = "float32";
template <>
inline constexpr std::string_view kDtypeOf<double> = "float64";
template <>
inline constexpr std::string_view kDtypeOf<std::int8_t> = "int8";
template <>
inline constexpr std::string_view kDtypeOf<std::int16_t> = "int16";
template <>
inline constexpr std::string_view kDtypeOf<std::int32_t> = "int32";
template <>
inline constexpr std::string_view kDtypeOf<std::int64_t> = "int64";
template <>
inline constexpr std::string_view kDtypeOf<std::uint8_t> = "uint8";
template <>
inline constexpr std::string_view kDtypeOf<std::uint16_t> = "uint16";
template <>
inline constexpr std::string_view kDtypeOf<std::uint32_t> = "uint32";
template <>
inline constexpr std::string_view kDtypeOf<std::uint64_t> = "uint64";

/// A tensor's row in a version, without its value.
struct TensorInfo {
  std::string name;
  std::string dtype;
  Shape shape;
  std::uint64_t nbytes = 0;
  std::string hash;  ///< XXH3-128 of the bytes, 32 hex digits; empty if pylance wrote the row
  std::optional<std::string> tied_to;  ///< name of the tensor whose storage this one shares
  std::string damage;  ///< why it cannot be loaded ("its dtype is null"); empty if it can
  bool is_tensor() const { return dtype != "json" && dtype != "tree"; }
};

/// The bytes of one tensor, in place. Copies are cheap and share the bytes; the mapping (or buffer)
/// lives as long as any copy, even after the Version and the Store are destroyed. Immutable, so any
/// number of threads may read it.
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
  /// Keeps bytes() alive; give a copy to code that stores the pointer.
  [[nodiscard]] const std::shared_ptr<const void>& owner() const noexcept { return owner_; }

  /// The elements as C++ numbers; valid as long as owner() is kept. @throws Error invalid_argument
  /// if the dtype is not kDtypeOf<T>, or if the bytes are not aligned for T (a Version's always
  /// are).
  template <class T>
  [[nodiscard]] std::span<const T> as() const {
    static_assert(!kDtypeOf<T>.empty(), "no dtype has elements of this type; see kDtypeOf");
    require_elements(kDtypeOf<T>, sizeof(T), alignof(T));
    return {reinterpret_cast<const T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }

 private:
  LANCEKEEP_API void require_elements(std::string_view dtype, std::size_t size,
                                      std::size_t alignment) const;

  std::string dtype_;
  Shape shape_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
};

/// Called with the next piece of a tensor's bytes; returns false to stop the read.
using ByteSink = std::function<bool(std::span<const std::byte> piece)>;

/// One tensor of a TensorSource.
struct TensorSpec {
  std::string name;
  std::string dtype;
  Shape shape;
  std::uint64_t nbytes = 0;
  /// Index of an earlier, untied entry with the same storage, offset, shape, strides and dtype.
  std::optional<std::size_t> tied_to;
};

/// Bytes of all tensors, tied ones counted once.
[[nodiscard]] LANCEKEEP_API std::uint64_t total_nbytes(
    std::span<const TensorSpec> tensors) noexcept;

/// Where a save or an export takes its tensors from: memory (Tensors, in tensors.h), a module, a
/// file of another format, another version. One thread at a time. tensors() stays the same for the
/// life of the source.
class LANCEKEEP_API TensorSource {
 public:
  virtual ~TensorSource() = default;

  /// In model order; names are unique.
  [[nodiscard]] virtual std::span<const TensorSpec> tensors() const = 0;
  /// Pushes the `nbytes` bytes of tensors()[index] into `sink`, in pieces of any size, and stops if
  /// `sink` returns false. Can be called again for the same index and then pushes the same bytes;
  /// if they have changed, a save writes, and hashes, those that it got last.
  virtual void read(std::size_t index, const ByteSink& sink) = 0;
  /// Text that came with the tensors, such as the `__metadata__` of a safetensors file.
  [[nodiscard]] virtual Metadata metadata() const { return {}; }
  /// Remarks for the user, e.g. "a.weight and b.weight overlap; both are saved in full".
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
};

}  // namespace lancekeep
