// SPDX-License-Identifier: Apache-2.0
// A vector whose room is taken from a file's budget before it is allocated, and given back with it.
// It grows by half: while it does, there are both the old room and the new one, and a hostile file
// must not get much more than its budget. One owner, one thread.
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
class PaidVector {
 public:
  /// `what` is what the budget's error calls it, and `budget` must outlive the vector.
  PaidVector(io::MemoryBudget& budget, std::string_view what) : budget_(budget), what_(what) {}
  PaidVector(const PaidVector&) = delete;
  PaidVector& operator=(const PaidVector&) = delete;
  ~PaidVector() { budget_.give_back(paid_); }

  void push_back(const T& value) {
    make_room(1);
    values_.push_back(value);
  }
  void append(std::span<const T> values) {
    make_room(values.size());
    values_.insert(values_.end(), values.begin(), values.end());
  }
  void resize(std::uint64_t size, const T& value) {
    if (size > values_.size()) make_room(size - values_.size());
    values_.resize(size, value);
  }
  void pop_back() { values_.pop_back(); }
  [[nodiscard]] T& operator[](std::size_t index) { return values_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return values_[index]; }
  [[nodiscard]] const T& back() const { return values_.back(); }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] std::span<const T> values() const noexcept { return values_; }

  /// The values; they stay paid for.
  [[nodiscard]] std::vector<T> release() {
    paid_ = 0;
    return std::exchange(values_, {});
  }

 private:
  void make_room(std::uint64_t more) {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / sizeof(T) / 2;
    const std::uint64_t capacity = values_.capacity();
    if (more <= capacity - values_.size()) return;
    if (more > kMost - values_.size()) {
      budget_.take(std::numeric_limits<std::uint64_t>::max(), what_);
      throw std::bad_alloc();  // not come to: no budget has that much
    }
    const std::uint64_t wanted = std::max(values_.size() + more, capacity + capacity / 2);
    budget_.take((wanted - capacity) * sizeof(T), what_);
    paid_ += (wanted - capacity) * sizeof(T);
    values_.reserve(wanted);
  }

  io::MemoryBudget& budget_;
  std::string_view what_;
  std::vector<T> values_;
  std::uint64_t paid_ = 0;
};

}  // namespace lancekeep::formats
