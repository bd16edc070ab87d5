// SPDX-License-Identifier: Apache-2.0
// The stack and the memo of the machine that reads pickles, and the place where the machine stands,
// which every error names. One machine owns them; their memory comes from the file's budget.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/opcode.h"
#include "formats/pickle/paid_vector.h"
#include "formats/pickle/reader.h"
#include "formats/pickle/value.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lancekeep::formats {

struct PicklePlace {
  PickleReader in;
  Opcode opcode = Opcode::stop;  ///< at hand
  std::uint64_t at = 0;          ///< its position in the file

  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const;
};

/// What lies below the innermost mark is out of reach until the mark is taken off.
/// Everything throws corrupt where the stack has too little.
class PickleStack {
 public:
  using Values = std::span<const PickleValue>;

  PickleStack(const PicklePlace& place, io::MemoryBudget& budget)
      : place_(place),
        values_(budget, "the pickle's stack"),
        marks_(budget, "the pickle's marks") {}

  void push(PickleValue value);
  void mark() { marks_.push_back(height_); }
  [[nodiscard]] PickleValue top() const;
  /// Takes the last `wanted` values, in the order in which they were pushed. They are there until
  /// the next push.
  Values take(std::size_t wanted);
  /// Takes what is above the innermost mark, and the mark.
  Values take_to_mark();
  void pop_value_or_mark();

 private:
  [[nodiscard]] std::size_t within_reach() const {
    return height_ - (marks_.empty() ? 0 : marks_.back());
  }
  Values take_from(std::size_t start);
  [[noreturn]] void fail(const std::string& problem) const {
    place_.fail(ErrorCode::corrupt, problem);
  }

  const PicklePlace& place_;
  PaidVector<PickleValue> values_;  ///< the first `height_` are on the stack
  std::size_t height_ = 0;
  PaidVector<std::size_t> marks_;
};

/// Picklers number what they remember from 0 on.
class PickleMemo {
 public:
  explicit PickleMemo(io::MemoryBudget& budget) : values_(budget, "the pickle's memo") {}

  void put(std::uint64_t index, PickleValue value);
  void put_next(PickleValue value) { put(remembered_, value); }
  /// Absent where nothing was put.
  [[nodiscard]] PickleValue get(std::uint64_t index) const;

 private:
  PaidVector<PickleValue> values_;
  std::uint64_t remembered_ = 0;
};

}  // namespace lancekeep::formats
