// SPDX-License-Identifier: Apache-2.0
// The values of one fragment of a plain dataset: a column of number lists, which a few threads
// decode in bulk and convert to the caller's dtype.
#pragma once

#include "lance/file/data_file_reader.h"
#include "lance/file/list_column.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace lancekeep::store {

/// A number that the requested dtype cannot represent.
struct UnrepresentableNumber {
  std::uint64_t index = 0;  ///< of the number in its row
  std::string text;         ///< "2.5"
  std::string dtype;        ///< the requested dtype
};

/// What decoding a column shows about each row, apart from its numbers. `row` is an offset in the
/// fragment, counting deleted rows. Immutable; any number of threads may read it.
class ValueRows {
 public:
  ValueRows() = default;
  /// `unrepresentable` has, for each row with such numbers, the first of them.
  ValueRows(lance::ListRows lists, std::map<std::uint64_t, UnrepresentableNumber> unrepresentable)
      : lists_(std::move(lists)), unrepresentable_(std::move(unrepresentable)) {}

  /// The index of the row's first number among all numbers of the column.
  [[nodiscard]] std::uint64_t first(std::uint64_t row) const { return lists_.offsets[row]; }
  /// How many numbers all rows have together.
  [[nodiscard]] std::uint64_t numbers() const {
    return lists_.offsets.empty() ? 0 : lists_.offsets.back();
  }
  /// Why the row is not a tensor of `count` elements; empty if it is.
  [[nodiscard]] std::string corruption(std::uint64_t row, std::uint64_t count) const;
  /// The row's first unrepresentable number, or null.
  [[nodiscard]] const UnrepresentableNumber* unrepresentable(std::uint64_t row) const;

 private:
  lance::ListRows lists_;
  std::map<std::uint64_t, UnrepresentableNumber> unrepresentable_;
};

/// All values of a fragment, one after another, in their own memory, aligned to 64 bytes.
struct DecodedValues {
  std::string dtype;
  std::shared_ptr<std::byte> memory;
  std::size_t size = 0;  ///< bytes
  ValueRows rows;
};

/// Destination of the numbers of one row, and their dtype there. Numbers past its end are dropped.
struct RowTarget {
  std::span<std::byte> into;
  std::string dtype;
};
/// Targets by row; a row can have several.
using RowTargets = std::multimap<std::uint64_t, RowTarget>;

/// A column of number lists. Shares the data file's mapping. Immutable; any number of threads may
/// decode it at once.
class ValueColumn {
 public:
  /// `dtype` is that of the numbers in the column, which has `rows` rows. Reads nothing yet.
  ValueColumn(lance::DataFileReader file, std::uint32_t column, std::uint64_t rows,
              std::string dtype)
      : file_(std::move(file)), column_(column), rows_(rows), dtype_(std::move(dtype)) {}

  [[nodiscard]] const std::string& dtype() const { return dtype_; }
  [[nodiscard]] const io::ByteView& file() const { return file_.bytes(); }

  /// @throws Error corrupt, also for values that would take far more memory than a file of this
  /// size can hold; unsupported.
  [[nodiscard]] DecodedValues decode(const std::string& dtype) const;
  /// Converts the numbers of some rows into the caller's memory and keeps none of them.
  [[nodiscard]] ValueRows decode_into(const RowTargets& targets) const;
  /// Decodes the whole column only for what it shows about the rows.
  [[nodiscard]] ValueRows check() const { return decode_into({}); }

 private:
  [[nodiscard]] lance::ListColumn open(std::size_t itemsize) const;

  lance::DataFileReader file_;
  std::uint32_t column_;
  std::uint64_t rows_;
  std::string dtype_;
};

}  // namespace lancekeep::store
