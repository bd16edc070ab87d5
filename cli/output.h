// SPDX-License-Identifier: Apache-2.0
// What the command prints: results, tables, JSON and notes. Names, messages and tags from files are
// escaped, because anyone could have written them: none of them can move the cursor, recolour the
// screen, start a new line or reverse the writing direction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::cli {

class Json;

/// Writes a whole result to stdout. It is not an error if the reader has left (`| head`).
/// @throws Error io if stdout cannot be written.
void print(std::string_view text);
void print_json(const Json& document);
/// Prints one line on stderr, unescaped. Ignores a closed stderr.
void print_error_line(const std::string& line);
/// Prints "note: …" on stderr, escaped.
void print_note(std::string_view text);

/// Returns the text as one line: control and direction characters become \n, \t, \r or \uXXXX;
/// bytes that are not UTF-8 become \xNN.
[[nodiscard]] std::string escape_line(std::string_view text);
/// Escapes JSON text without changing its meaning: line feeds are kept; other control and direction
/// characters become \uXXXX; bytes that are not UTF-8 become \ufffd.
[[nodiscard]] std::string escape_json(std::string_view text);
/// Returns the text as a JSON string in ASCII, with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);
/// Counts code points, which for most text is the number of columns that it takes on a terminal.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Rows of cells, aligned in columns two spaces apart. Cells are escaped by escape_line().
class Table {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// One cell for each column.
  void add(std::vector<std::string> cells);
  /// Starts with a title line. Leaves out columns without any text.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace lancekeep::cli
