// SPDX-License-Identifier: Apache-2.0
// What the command prints: results, tables, JSON and notes, and text from files made safe to show.
// Names, messages and tags come from anyone; none of them may move the cursor, recolour the screen,
// start a new line or reverse the writing direction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lancekeep::cli {

class Json;

/// Writes a whole result to stdout. A reader that has left (`| head`) is not an error.
/// @throws Error io if stdout cannot be written.
void print(std::string_view text);
void print_json(const Json& document);
/// One line on stderr, as it is; ignores a closed stderr.
void print_error_line(const std::string& line);
/// "note: …" on stderr, escaped.
void print_note(std::string_view text);

/// One line: control and direction characters become \n, \t, \r or \uXXXX, bytes that are not UTF-8
/// \xNN.
[[nodiscard]] std::string escape_line(std::string_view text);
/// JSON stays the same JSON: line feeds are kept, other control and direction characters become
/// \uXXXX, bytes that are not UTF-8 \ufffd.
[[nodiscard]] std::string escape_json(std::string_view text);
/// The text as a JSON string in quotes, in ASCII.
[[nodiscard]] std::string json_string(std::string_view text);
/// Code points, which for most text is the number of columns that it takes on a terminal.
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
  /// With a title line; a column without any text is left out.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace lancekeep::cli
