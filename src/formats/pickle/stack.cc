// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/stack.h"

#include <fmt/format.h>

namespace lancekeep::formats {

void PicklePlace::fail(ErrorCode code, const std::string& problem) const {
  in.view().fail(code, fmt::format("pickle opcode {}: {}", opcode_name(opcode), problem), at);
}

PickleValue& PickleStack::top() {
  if (within_reach() == 0) fail("needs a value, but the stack is empty");
  return values_.back();
}

PickleStack::Values PickleStack::take(std::size_t wanted) {
  if (within_reach() < wanted) {
    fail(fmt::format("needs {} values, but the stack has {}", wanted, within_reach()));
  }
  return take_from(values_.size() - wanted);
}

PickleStack::Values PickleStack::take_to_mark() {
  if (marks_.empty()) fail("needs a MARK, but there is none");
  const std::size_t start = marks_.back();
  marks_.pop_back();
  return take_from(start);
}

void PickleStack::pop_value_or_mark() {
  if (within_reach() > 0) return values_.pop_back();
  if (marks_.empty()) fail("POP on an empty stack");
  marks_.pop_back();
}

PickleStack::Values PickleStack::take_from(std::size_t start) {
  const auto first = values_.begin() + static_cast<std::ptrdiff_t>(start);
  Values taken(first, values_.end());
  values_.erase(first, values_.end());
  return taken;
}

}  // namespace lancekeep::formats
