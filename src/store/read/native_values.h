// SPDX-License-Identifier: Apache-2.0
// The values of a native version: ranges of its data files, memory-mapped or read. Any number of
// threads may use one object.
#pragma once

#include "io/input_file.h"
#include "io/storage.h"
#include "store/read/version_state.h"
#include "store/table/tensor_table.h"

#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lancekeep::store {

/// The table as Version::tensors() lists it. `targets` is what tie_targets() returned.
[[nodiscard]] std::vector<TensorInfo> tensor_infos(const TensorTable& table,
                                                   const std::vector<std::size_t>& targets);

class NativeValues : public VersionValues {
 public:
  /// `targets` is what tie_targets() returned.
  NativeValues(std::shared_ptr<io::Storage> storage, TensorTable table,
               const std::vector<std::size_t>& targets);

  [[nodiscard]] TensorView view(std::size_t row, Access access) const override;
  void read(std::size_t row, std::uint64_t offset, std::span<std::byte> into) const override;
  void read(std::span<const RowRequest> requests) const override;
  [[nodiscard]] std::uint64_t nbytes_as(std::size_t row, const std::string& dtype) const override;
  [[nodiscard]] Location locate(std::size_t row) const override;
  [[nodiscard]] std::unique_ptr<RowReader> reader() const override;

 private:
  class Reader;
  /// Null for `copy_on_write` if the file is gone and was not mapped so before.
  [[nodiscard]] const io::ByteView* file(std::size_t index, Access access) const;
  [[nodiscard]] std::optional<io::InputFile> open(std::size_t index) const;
  [[nodiscard]] TensorView view_of_copy(const TensorRow& row,
                                        std::span<const std::byte> bytes) const;

  const std::shared_ptr<io::Storage> storage_;
  const TensorTable table_;
  /// For each row, whether an earlier row that it is not tied to has the same bytes in the file.
  const std::vector<bool> repeats_;
  mutable std::mutex mutex_;  ///< guards the maps below; the keys of two are file indices
  /// Copy-on-write mappings; unset if the file is gone.
  mutable std::unordered_map<std::size_t, std::optional<io::ByteView>> writable_;
  /// Of values in files that are gone: their memory by file and position.
  mutable std::map<std::pair<std::size_t, std::uint64_t>, TensorView> copies_;
  /// Files open for reading; unset if the file is gone and only its mapping is left.
  mutable std::unordered_map<std::size_t, std::optional<io::InputFile>> opened_;
};

}  // namespace lancekeep::store
