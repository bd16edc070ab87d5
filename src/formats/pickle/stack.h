// SPDX-License-Identifier: Apache-2.0
// The stack of the machine that reads pickles, with its marks, and the place where the machine
// stands, which every error names. One machine owns both.
#pragma once

#include "formats/pickle/opcode.h"
#include "formats/pickle/value.h"
#include "io/byte_view.h"

#include <lancekeep/error.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace lancekeep::formats {

struct PicklePlace {
  io::ByteReader in;
  Opcode opcode = Opcode::stop;  ///< at hand
  std::uint64_t at = 0;          ///< its position

  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const;
};

/// What lies below the innermost mark is out of reach until the mark is taken off.
/// Everything throws corrupt where the stack has too little.
class PickleStack {
 public:
  using Values = std::vector<PickleValue>;

  explicit PickleStack(const PicklePlace& place) : place_(place) {}

  void push(PickleValue value) { values_.push_back(value); }
  void mark() { marks_.push_back(values_.size()); }
  [[nodiscard]] PickleValue& top();
  /// Takes the last `wanted` values, in the order in which they were pushed.
  Values take(std::size_t wanted);
  /// Takes what is above the innermost mark, and the mark.
  Values take_to_mark();
  void pop_value_or_mark();

 private:
  [[nodiscard]] std::size_t within_reach() const {
    return values_.size() - (marks_.empty() ? 0 : marks_.back());
  }
  Values take_from(std::size_t start);
  [[noreturn]] void fail(const std::string& problem) const {
    place_.fail(ErrorCode::corrupt, problem);
  }

  const PicklePlace& place_;
  Values values_;
  std::vector<std::size_t> marks_;
};

}  // namespace lancekeep::formats
