// SPDX-License-Identifier: Apache-2.0
// Where a version's bytes come from: the data files of a native store, as they lie there, or the
// lists of a recipe dataset, decoded. Rows are counted as Version::tensors() counts them; only
// those without damage are asked for.
//
// Any number of threads may read at once; the rest is for one thread at a time, as in Version.
#pragma once

#include <lancekeep/store.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace lancekeep::store {

/// A row's bytes, and where they are to go: as many as bytes_as() says.
struct RowRequest {
  std::size_t row = 0;
  std::span<std::byte> into;
  std::string dtype;  ///< empty: the row's own
};

/// Hands out the bytes of rows one after the other, holding little of them. One thread.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// @throws Error corrupt where the row's bytes are not the recorded ones.
  virtual void push(std::size_t row, const ByteSink& sink) = 0;
};

class VersionValues {
 public:
  virtual ~VersionValues() = default;

  [[nodiscard]] virtual TensorView view(std::size_t row, Access access) const = 0;
  /// `into` ends within the row's bytes.
  virtual void read(std::size_t row, std::uint64_t offset, std::span<std::byte> into) const = 0;
  virtual void read(std::span<const RowRequest> requests) const = 0;
  /// @throws Error invalid_argument where the row cannot be had as `dtype` (empty: its own).
  [[nodiscard]] virtual std::uint64_t bytes_as(std::size_t row, const std::string& dtype) const = 0;
  /// @throws Error unsupported where the row's bytes lie nowhere as they are.
  [[nodiscard]] virtual Location locate(std::size_t row) const = 0;
  /// Uses these values while it lives.
  [[nodiscard]] virtual std::unique_ptr<RowReader> reader() const = 0;
};

}  // namespace lancekeep::store
