// SPDX-License-Identifier: Apache-2.0
// The values of a plain version. They are decoded one fragment at a time, on first use, into memory
// that views share with the version. Any number of threads may use one object.
#pragma once

#include "store/plain/plain_table.h"
#include "store/read/version_state.h"

#include <mutex>
#include <string>
#include <vector>

namespace lancekeep::store {

/// @throws Error invalid_argument unless numbers of a plain dataset can be converted to `dtype`.
/// `place` is the store's name, for the message.
void require_number(const std::string& dtype, const std::string& place);

/// The table as Version::tensors() lists it, for numbers converted to `dtype`.
[[nodiscard]] std::vector<TensorInfo> tensor_infos(const PlainTable& table,
                                                   const std::string& dtype);

class PlainValues : public VersionValues {
 public:
  /// `dtype`, which must be a number type, is used for requests that do not name one. `place` is
  /// the store's name, for messages.
  PlainValues(PlainTable table, std::string dtype, std::string place);

  /// Both kinds of access return the same writable memory.
  [[nodiscard]] TensorView view(std::size_t row, Access access) const override;
  void read(std::size_t row, std::uint64_t offset, std::span<std::byte> into) const override;
  /// Decodes each fragment once and keeps none of them.
  void read(std::span<const RowRequest> requests) const override;
  [[nodiscard]] std::uint64_t nbytes_as(std::size_t row, const std::string& dtype) const override;
  [[nodiscard]] Location locate(std::size_t row) const override;
  /// The reader holds one decoded fragment at a time, besides those that the version keeps.
  [[nodiscard]] std::unique_ptr<RowReader> reader() const override;

 private:
  class Reader;
  using Decoded = std::shared_ptr<const DecodedValues>;
  struct Fragment {
    std::shared_ptr<const ValueColumn> column;
    std::mutex mutex;
    Decoded decoded;  ///< null until first used
  };

  [[nodiscard]] Decoded kept(std::size_t fragment) const;
  [[nodiscard]] Decoded kept_if_decoded(std::size_t fragment) const;
  [[nodiscard]] std::span<std::byte> bytes_of(const PlainRow& row,
                                              const DecodedValues& decoded) const;
  void require_intact(const PlainRow& row, const ValueRows& rows) const;
  void read_fragment(std::size_t index, std::span<const RowRequest> requests) const;

  const std::vector<PlainRow> rows_;
  const std::string dtype_;
  const std::string place_;
  std::vector<std::unique_ptr<Fragment>> fragments_;
};

}  // namespace lancekeep::store
