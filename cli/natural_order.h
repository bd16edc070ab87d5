// SPDX-License-Identifier: Apache-2.0
// An order of file names that puts epoch-2 before epoch-10, unlike the order of a shell's `*`. Pure
// functions; any thread may call them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::cli {

inline constexpr std::string_view kDigits = "0123456789";

// Removes the first run of digits, or the first other character, from `text` and returns it.
inline std::string_view take_part(std::string_view& text) {
  const std::size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
  const std::string_view part = text.substr(0, std::max<std::size_t>(digits, 1));
  text.remove_prefix(part.size());
  return part;
}

inline bool is_number(std::string_view part) { return kDigits.find(part.front()) != kDigits.npos; }

// Compares numbers of any length. Returns a negative number, 0 or a positive number.
inline int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

/// Whether `a` comes before `b` if each run of digits is compared as one number.
[[nodiscard]] inline bool natural_less(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    const std::string_view part_a = take_part(a);
    const std::string_view part_b = take_part(b);
    const int order = is_number(part_a) && is_number(part_b) ? compare_numbers(part_a, part_b)
                                                             : part_a.compare(part_b);
    if (order != 0) return order < 0;
  }
  if (a.empty() != b.empty()) return a.empty();
  return whole_a < whole_b;  // they differ only in leading zeros, if at all
}

/// Returns a note if `files` are in alphabetical order, but their numbers are not ascending. Empty
/// in all other cases.
[[nodiscard]] inline std::string order_note(const std::vector<std::string>& files) {
  if (!std::ranges::is_sorted(files)) return {};  // the user chose an order
  const auto second =
      std::ranges::adjacent_find(files, [](const std::string& before, const std::string& after) {
        return natural_less(after, before);
      });
  if (second == files.end()) return {};
  return fmt::format(
      "the files are saved in alphabetical order, `{}` before `{}`; --natural sorts by the numbers "
      "in their names",
      *second, *std::next(second));
}

}  // namespace lancekeep::cli
