// SPDX-License-Identifier: Apache-2.0
// Writes JSON, compact, piece by piece; docs/format/tensors.md says which forms values have that
// JSON lacks. Every byte is taken from the file's budget before it is there. One thread.
#pragma once

#include "formats/pickle/paid_vector.h"
#include "io/memory_budget.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::formats {

class JsonText {
 public:
  /// `budget` must outlive the writer.
  explicit JsonText(io::MemoryBudget& budget)
      : json_(budget, "the JSON text of the file's values") {}

  /// As it is: brackets, commas, `null`.
  void raw(std::string_view json);
  void integer(std::int64_t number);
  /// `{"$int":"digits"}`, of two's complement, little-endian.
  void big_integer(std::string_view bytes);
  void real(double number);
  /// A string; with surrogates that stand alone, `{"$str":"base64 of the bytes"}`.
  /// @throws Error corrupt, naming `where`, for what is no text even so.
  void text(std::string_view text, std::string_view where);
  /// A string of UTF-8.
  void string(std::string_view utf8);
  void base64(std::string_view bytes);
  /// `{"$tag":`, to be closed by raw("}").
  void open_tag(std::string_view tag);

  /// What was written; the writer is empty then.
  [[nodiscard]] std::vector<char> take() { return json_.release(); }

 private:
  PaidVector<char> json_;
};

/// The shortest text that reads back equal, with `.` or `e` in it, as Python writes it: `1.0`,
/// `1e-08`, `nan`.
[[nodiscard]] std::string text_of_real(double number);
/// Decimal digits of an int's two's complement, little-endian, with its sign.
[[nodiscard]] std::string decimal(std::string_view bytes);

}  // namespace lancekeep::formats
