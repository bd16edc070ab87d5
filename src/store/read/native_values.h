// SPDX-License-Identifier: Apache-2.0
// The values of a native version: ranges of its data files, mapped or read.
#pragma once

#include "io/input_file.h"
#include "io/storage.h"
#include "store/read/version_values.h"
#include "store/table/tensor_table.h"

#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace lancekeep::store {

class NativeValues : public VersionValues {
 public:
  NativeValues(std::shared_ptr<io::Storage> storage, TensorTable table);

  [[nodiscard]] TensorView view(std::size_t row, Access access) const override;
  void read(std::size_t row, std::uint64_t offset, std::span<std::byte> into) const override;
  void read(std::span<const RowRequest> requests) const override;
  [[nodiscard]] std::uint64_t bytes_as(std::size_t row, const std::string& dtype) const override;
  [[nodiscard]] Location locate(std::size_t row) const override;
  [[nodiscard]] std::unique_ptr<RowReader> reader() const override;

 private:
  class Reader;
  [[nodiscard]] const io::ByteView& file(std::size_t index, Access access) const;
  [[nodiscard]] std::optional<io::InputFile> open(std::size_t index) const;

  const std::shared_ptr<io::Storage> storage_;
  const TensorTable table_;
  /// Parallel to the rows: whether an earlier one that it is not tied to has the same place.
  const std::vector<bool> repeats_;
  mutable std::mutex mutex_;  ///< of the two that are made when asked for
  mutable std::unordered_map<std::size_t, io::ByteView> writable_;  ///< copy-on-write mappings
  mutable std::unordered_map<std::size_t, std::optional<io::InputFile>>
      opened_;  ///< for reading; nothing: the file is gone, and only its mapping is left
};

}  // namespace lancekeep::store
