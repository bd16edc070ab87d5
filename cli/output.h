// SPDX-License-Identifier: Apache-2.0
// What a verb prints: text, tables, JSON, and notes beside the result.
#pragma once

#include <lancekeep/store.h>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::cli {

using Json = nlohmann::ordered_json;

/// Writes a whole result to stdout. A reader that has gone (`| head`) is no error.
/// @throws Error io where stdout cannot be written.
void print(std::string_view text);
void print_json(const Json& document);
/// One line on stderr, as it is. That stderr is gone is no reason to fail.
void print_error_line(const std::string& line);
/// "note: …" on stderr, escaped.
void print_note(std::string_view text);

/// Rows of cells, aligned in columns two spaces apart. Cells are printed as escape_line() shows
/// them.
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

/// Members are named as in the library and in Python.
[[nodiscard]] Json to_json(const TensorInfo& tensor);
[[nodiscard]] Json to_json(const VersionInfo& version);
/// "native", "plain".
[[nodiscard]] const char* layout_name(Layout layout);
/// What whoever opened it should know, or null.
[[nodiscard]] Json warning_of(const Version& version);

}  // namespace lancekeep::cli
