// SPDX-License-Identifier: Apache-2.0
// The stack and the memo of the machine that reads pickles, and the machine's place in the pickle,
// which every error gives. One machine owns them; their memory comes from the file's budget.
#pragma once

#include <lancekeep/error.h>

#include "formats/pickle/budgeted_vector.h"
#include "formats/pickle/opcode.h"
#include "formats/pickle/pickle_reader.h"
#include "formats/pickle/value.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace lancekeep::formats {

struct PicklePlace {
  PickleReader in;
  Opcode opcode = Opcode::stop;  ///< the current one
  std::uint64_t at = 0;          ///< its file offset

  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const {
    in.fail(code, fmt::format("pickle opcode {}: {}", opcode_name(opcode), problem), at);
  }
};

/// The values below the innermost mark are out of reach until the mark is removed.
/// Every function throws corrupt if the stack holds too little.
class PickleStack {
 public:
  using Values = std::span<const PickleValue>;

  PickleStack(const PicklePlace& place, io::MemoryBudget& budget)
      : place_(place),
        values_(budget, "the pickle's stack"),
        marks_(budget, "the pickle's marks") {}

  void push(PickleValue value) {
    if (height_ == values_.size()) {
      values_.push_back(value);
    } else {
      values_[height_] = value;
    }
    ++height_;
  }
  void mark() { marks_.push_back(height_); }
  [[nodiscard]] PickleValue top() const {
    if (reachable() == 0) fail("needs a value, but the stack is empty");
    return values_[height_ - 1];
  }
  /// Removes the last `wanted` values and returns them in the order in which they were pushed;
  /// valid until the next push.
  Values take(std::size_t wanted) {
    if (reachable() < wanted) {
      fail(fmt::format("needs {} values, but the stack has {}", wanted, reachable()));
    }
    return take_from(height_ - wanted);
  }
  /// Removes the innermost mark and the values above it, and returns the values.
  Values take_to_mark() {
    if (marks_.empty()) fail("needs a MARK, but there is none");
    const std::size_t start = marks_.back();
    marks_.pop_back();
    return take_from(start);
  }
  void pop_value_or_mark() {
    if (reachable() > 0) {
      --height_;
      return;
    }
    if (marks_.empty()) fail("POP on an empty stack");
    marks_.pop_back();
  }

 private:
  [[nodiscard]] std::size_t reachable() const {
    return height_ - (marks_.empty() ? 0 : marks_.back());
  }
  Values take_from(std::size_t start) {
    const Values taken = values_.values().subspan(start, height_ - start);
    height_ = start;
    return taken;
  }
  [[noreturn]] void fail(const std::string& problem) const {
    place_.fail(ErrorCode::corrupt, problem);
  }

  const PicklePlace& place_;
  BudgetedVector<PickleValue> values_;  ///< the first `height_` are on the stack
  std::size_t height_ = 0;
  BudgetedVector<std::size_t> marks_;
};

/// Picklers number the values that they memoize from 0.
class PickleMemo {
 public:
  explicit PickleMemo(io::MemoryBudget& budget) : values_(budget, "the pickle's memo") {}

  void put(std::uint64_t index, PickleValue value) {
    if (index >= values_.size()) values_.resize(index + 1, {PickleValue::Kind::absent});
    if (values_[index].kind == PickleValue::Kind::absent) ++count_;
    values_[index] = value;
  }
  void put_next(PickleValue value) { put(count_, value); }
  /// Returns an absent value if nothing was stored at `index`.
  [[nodiscard]] PickleValue get(std::uint64_t index) const {
    return index < values_.size() ? values_[index] : PickleValue{PickleValue::Kind::absent};
  }

 private:
  BudgetedVector<PickleValue> values_;
  std::uint64_t count_ = 0;
};

}  // namespace lancekeep::formats
