// SPDX-License-Identifier: Apache-2.0
#include "store/plain/value_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {

std::string ValueRows::damage(std::uint64_t row, std::uint64_t count) const {
  if (!lists_.row_valid.empty() && lists_.row_valid[row] == 0) return "its value is null";
  const std::uint64_t first = lists_.offsets[row];
  const std::uint64_t end = lists_.offsets[row + 1];
  if (end - first != count) {
    return fmt::format("its value has {} number{}, its shape needs {}", end - first,
                       end - first == 1 ? "" : "s", count);
  }
  if (lists_.value_valid.empty()) return {};
  const auto begin = lists_.value_valid.begin() + static_cast<std::ptrdiff_t>(first);
  const auto null = std::find(begin, begin + static_cast<std::ptrdiff_t>(count), 0);
  const auto index = static_cast<std::uint64_t>(null - begin);
  return index == count ? std::string() : fmt::format("number {} of its value is null", index);
}

const UnfitNumber* ValueRows::unfit(std::uint64_t row) const {
  const auto it = unfit_.find(row);
  return it == unfit_.end() ? nullptr : &it->second;
}

}  // namespace lancekeep::store
