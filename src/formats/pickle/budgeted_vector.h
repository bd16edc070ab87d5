// SPDX-License-Identifier: Apache-2.0
// A vector that takes its memory from a file's budget before it allocates, and gives it back when
// destroyed. It grows only by half: while it grows, the old and the new allocation exist together,
// and a hostile file must not get much more memory than its budget. One owner, one thread.
#pragma once

#include "io/memory_budget.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::formats {

template <typename T>
class BudgetedVector {
 public:
  /// `what` names the vector in the budget's error. `budget` must outlive the vector.
  BudgetedVector(io::MemoryBudget& budget, std::string_view what) : budget_(budget), what_(what) {}
  BudgetedVector(const BudgetedVector&) = delete;
  BudgetedVector& operator=(const BudgetedVector&) = delete;
  ~BudgetedVector() { budget_.give_back(charged_); }

  void push_back(const T& value) {
    reserve_more(1);
    values_.push_back(value);
  }
  void append(std::span<const T> values) {
    reserve_more(values.size());
    values_.insert(values_.end(), values.begin(), values.end());
  }
  void resize(std::uint64_t size, const T& value) {
    if (size > values_.size()) reserve_more(size - values_.size());
    values_.resize(size, value);
  }
  void pop_back() { values_.pop_back(); }
  [[nodiscard]] T& operator[](std::size_t index) { return values_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return values_[index]; }
  [[nodiscard]] const T& back() const { return values_.back(); }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] std::span<const T> values() const noexcept { return values_; }

  /// Moves the values out; their memory stays charged to the budget.
  [[nodiscard]] std::vector<T> release() {
    charged_ = 0;
    return std::exchange(values_, {});
  }

 private:
  void reserve_more(std::uint64_t more) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / sizeof(T) / 2;
    const std::uint64_t capacity = values_.capacity();
    if (more <= capacity - values_.size()) return;
    if (more > kMost - values_.size()) {
      budget_.take(std::numeric_limits<std::uint64_t>::max(), what_);
      throw std::bad_alloc();  // unreachable: no budget has that much
    }
    const std::uint64_t wanted = std::max(values_.size() + more, capacity + capacity / 2);
    budget_.take((wanted - capacity) * sizeof(T), what_);
    charged_ += (wanted - capacity) * sizeof(T);
    values_.reserve(wanted);
  }

  io::MemoryBudget& budget_;
  std::string_view what_;
  std::vector<T> values_;
  std::uint64_t charged_ = 0;
};

}  // namespace lancekeep::formats
