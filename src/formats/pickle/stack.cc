// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/stack.h"

#include <fmt/format.h>

namespace lancekeep::formats {

void PicklePlace::fail(ErrorCode code, const std::string& problem) const {
  in.fail(code, fmt::format("pickle opcode {}: {}", opcode_name(opcode), problem), at);
}

void PickleStack::push(PickleValue value) {
  if (height_ == values_.size()) {
    values_.push_back(value);
  } else {
    values_[height_] = value;
  }
  ++height_;
}

PickleValue PickleStack::top() const {
  if (within_reach() == 0) fail("needs a value, but the stack is empty");
  return values_[height_ - 1];
}

PickleStack::Values PickleStack::take(std::size_t wanted) {
  if (within_reach() < wanted) {
    fail(fmt::format("needs {} values, but the stack has {}", wanted, within_reach()));
  }
  return take_from(height_ - wanted);
}

PickleStack::Values PickleStack::take_to_mark() {
  if (marks_.empty()) fail("needs a MARK, but there is none");
  const std::size_t start = marks_.back();
  marks_.pop_back();
  return take_from(start);
}

void PickleStack::pop_value_or_mark() {
  if (within_reach() > 0) {
    --height_;
    return;
  }
  if (marks_.empty()) fail("POP on an empty stack");
  marks_.pop_back();
}

PickleStack::Values PickleStack::take_from(std::size_t start) {
  const Values taken = values_.values().subspan(start, height_ - start);
  height_ = start;
  return taken;
}

void PickleMemo::put(std::uint64_t index, PickleValue value) {
  if (index >= values_.size()) values_.resize(index + 1, {PickleValue::Kind::absent});
  if (values_[index].kind == PickleValue::Kind::absent) ++remembered_;
  values_[index] = value;
}

PickleValue PickleMemo::get(std::uint64_t index) const {
  return index < values_.size() ? values_[index] : PickleValue{PickleValue::Kind::absent};
}

}  // namespace lancekeep::formats
