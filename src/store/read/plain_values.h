// SPDX-License-Identifier: Apache-2.0
// The values of a recipe version: decoded a fragment at a time, when first wanted, into memory that
// views share with the version.
#pragma once

#include "store/plain/plain_table.h"
#include "store/read/version_values.h"

#include <mutex>
#include <string>
#include <vector>

namespace lancekeep::store {

/// Throws invalid_argument unless numbers of a recipe dataset can become this dtype. `place`: the
/// store, for the message.
void require_number(const std::string& dtype, const std::string& place);

class PlainValues : public VersionValues {
 public:
  /// `dtype`: what numbers become where a request does not say; a number. `place`: the store, for
  /// messages.
  PlainValues(PlainTable table, std::string dtype, std::string place);

  /// Both kinds of access give the same memory, which may be written.
  [[nodiscard]] TensorView view(std::size_t row, Access access) const override;
  void read(std::size_t row, std::uint64_t offset, std::span<std::byte> into) const override;
  /// Decodes each fragment once, and keeps none.
  void read(std::span<const RowRequest> requests) const override;
  [[nodiscard]] std::uint64_t bytes_as(std::size_t row, const std::string& dtype) const override;
  [[nodiscard]] Location locate(std::size_t row) const override;
  /// Holds one fragment at a time, beside those that the version has anyway.
  [[nodiscard]] std::unique_ptr<RowReader> reader() const override;

 private:
  class Reader;
  using Decoded = std::shared_ptr<const DecodedValues>;
  struct Fragment {
    std::shared_ptr<const ValueColumn> column;
    std::mutex mutex;
    Decoded decoded;  ///< null until wanted
  };

  [[nodiscard]] Decoded kept(std::size_t fragment) const;
  [[nodiscard]] Decoded kept_if_there(std::size_t fragment) const;
  [[nodiscard]] std::span<std::byte> bytes_of(const PlainRow& row,
                                              const DecodedValues& decoded) const;
  void require_sound(const PlainRow& row, const ValueRows& rows) const;
  void read_fragment(std::size_t index, std::span<const RowRequest> requests) const;

  const std::vector<PlainRow> rows_;
  const std::string dtype_;
  const std::string place_;
  std::vector<std::unique_ptr<Fragment>> fragments_;
};

}  // namespace lancekeep::store
