// SPDX-License-Identifier: Apache-2.0
// Converts the numbers of a column to where they are wanted, piece by piece, and remembers of each
// row the first that could not be. Any number of threads may convert pieces at once.
#pragma once

#include "lance/file/list_column.h"
#include "store/plain/value_rows.h"

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace lancekeep::store {

class PieceConverter {
 public:
  /// `dtype`: of the pieces.
  explicit PieceConverter(std::string dtype) : dtype_(std::move(dtype)) {}

  /// As many numbers of the piece as `into` has room for.
  void convert(const lance::ListPiece& piece, const std::string& dtype, std::span<std::byte> into);
  /// When all threads are done.
  [[nodiscard]] std::map<std::uint64_t, UnfitNumber> take_unfit() { return std::move(unfit_); }

 private:
  const std::string dtype_;
  std::mutex mutex_;
  std::map<std::uint64_t, UnfitNumber> unfit_;
};

}  // namespace lancekeep::store
