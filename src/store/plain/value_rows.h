// SPDX-License-Identifier: Apache-2.0
// What decoding a value column told of each row beside its numbers: how many there are, which of
// them are missing, and which the dtype that was asked for cannot hold.
//
// Not changed once decoded; any thread may ask it then.
#pragma once

#include "lance/file/list_column.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace lancekeep::store {

/// A number that is not what was asked for.
struct UnfitNumber {
  std::uint64_t index = 0;  ///< in its row
  std::string text;         ///< "2.5"
  std::string dtype;        ///< that cannot hold it
};

class ValueRows {
 public:
  ValueRows() = default;
  /// `unfit`: of each row that has any, the first.
  ValueRows(lance::ListRows lists, std::map<std::uint64_t, UnfitNumber> unfit)
      : lists_(std::move(lists)), unfit_(std::move(unfit)) {}

  /// Where the numbers of a row begin among all of the column. `row` is one of its rows.
  [[nodiscard]] std::uint64_t first(std::uint64_t row) const { return lists_.offsets[row]; }
  /// The numbers of all rows.
  [[nodiscard]] std::uint64_t numbers() const {
    return lists_.offsets.empty() ? 0 : lists_.offsets.back();
  }
  /// What keeps a row, whose shape has `count` elements, from being a tensor; empty: nothing.
  [[nodiscard]] std::string damage(std::uint64_t row, std::uint64_t count) const;
  /// The number that keeps it from being one of the dtype that was asked for.
  [[nodiscard]] const UnfitNumber* unfit(std::uint64_t row) const;

 private:
  lance::ListRows lists_;
  std::map<std::uint64_t, UnfitNumber> unfit_;
};

}  // namespace lancekeep::store
