// SPDX-License-Identifier: Apache-2.0
// The values of one fragment of a recipe dataset: a column of number lists, decoded in bulk and
// converted to a dtype of the caller's on the way, by a few threads.
//
// Keeps the data file's mapping. Immutable; any number of threads may decode it at once.
#pragma once

#include "lance/file/data_file_reader.h"
#include "lance/file/list_column.h"
#include "store/plain/value_rows.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace lancekeep::store {

/// All values of a fragment, one behind the other, in memory of their own that begins at a multiple
/// of 64.
struct DecodedValues {
  std::string dtype;
  std::shared_ptr<std::byte> memory;
  std::size_t size = 0;  ///< bytes
  ValueRows rows;
};

/// Where the numbers of one row are to go, and as what. What is behind its end is dropped.
struct RowTarget {
  std::span<std::byte> into;
  std::string dtype;
};
/// By row; a row may have several.
using RowTargets = std::multimap<std::uint64_t, RowTarget>;

class ValueColumn {
 public:
  /// `dtype` is that of the numbers in the column, which has `rows` rows. Reads nothing yet.
  ValueColumn(lance::DataFileReader file, std::uint32_t column, std::uint64_t rows,
              std::string dtype)
      : file_(std::move(file)), column_(column), rows_(rows), dtype_(std::move(dtype)) {}

  [[nodiscard]] const std::string& dtype() const { return dtype_; }
  [[nodiscard]] const io::ByteView& file() const { return file_.bytes(); }

  /// @throws Error corrupt, unsupported for values that would take far more memory than a file of
  /// this size can have.
  [[nodiscard]] DecodedValues decode(const std::string& dtype) const;
  /// Converts the numbers of some rows to where they are wanted, and keeps none.
  [[nodiscard]] ValueRows decode_into(const RowTargets& targets) const;
  /// Decodes all of it, for what it says of the rows.
  [[nodiscard]] ValueRows check() const { return decode_into({}); }

 private:
  [[nodiscard]] lance::ListColumn open(std::size_t itemsize) const;

  lance::DataFileReader file_;
  std::uint32_t column_;
  std::uint64_t rows_;
  std::string dtype_;
};

}  // namespace lancekeep::store
