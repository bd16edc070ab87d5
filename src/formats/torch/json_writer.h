// SPDX-License-Identifier: Apache-2.0
// Writes compact JSON, piece by piece; docs/format/tensors.md defines the forms of values that JSON
// lacks. Memory is taken from the file's budget before it is allocated. One thread.
#pragma once

#include "formats/pickle/budgeted_vector.h"
#include "io/memory_budget.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

class JsonWriter {
 public:
  /// `budget` must outlive the writer.
  explicit JsonWriter(io::MemoryBudget& budget)
      : json_(budget, "the JSON text of the file's values") {}

  /// Writes JSON text unchanged: brackets, commas, `null`.
  void raw(std::string_view json);
  void integer(std::int64_t number);
  /// Writes `{"$int":"digits"}`. `bytes` is two's complement, little-endian.
  void big_integer(std::string_view bytes);
  void real(double number);
  /// Writes a string, or `{"$str":"base64 of the bytes"}` if it has unpaired surrogates.
  /// @throws Error corrupt, naming `where`, if the rest of the string is not UTF-8.
  void text(std::string_view text, std::string_view where);
  /// Writes a string that is known to be UTF-8.
  void string(std::string_view utf8);
  void base64(std::string_view bytes);
  /// Writes `{"$tag":`; close it with raw("}").
  void open_tag(std::string_view tag);

  /// Returns the text and leaves the writer empty.
  [[nodiscard]] std::vector<char> take() { return json_.release(); }

 private:
  BudgetedVector<char> json_;
};

/// Returns the shortest text that reads back as the same number and contains `.` or `e`, as Python
/// writes it: `1.0`, `1e-08`. Returns `nan` and `inf` for these values.
[[nodiscard]] std::string text_of_real(double number);
/// Returns the decimal digits of an int, with its sign. `bytes` is two's complement, little-endian.
[[nodiscard]] std::string decimal(std::string_view bytes);

}  // namespace lancekeep::formats
