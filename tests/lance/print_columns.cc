// SPDX-License-Identifier: Apache-2.0
// Prints the columns of Lance data files as JSON, one line a column, for test_columns.py.
//
//     lancekeep_print_columns [--pages] FILE...
//
// Bytes are hexadecimal, and so are arrays of numbers, as in memory. With --pages, prints only the
// pages' encodings. For a column that cannot be read, the line has "error" and the message.
#include "io/input_file.h"
#include "lance/encoding/page_layout.h"
#include "lance/file/data_file_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string>
#include <vector>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kMaxItems = std::uint64_t{1} << 30;

std::string hex(std::span<const std::byte> bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < ' ' ? '?' : c;
  }
  return quoted + '"';
}

template <typename T>
std::string hex(const std::vector<T>& numbers) {
  return hex(std::as_bytes(std::span(numbers)));
}

std::string describe_pages(const ColumnMetadata& column) {
  std::vector<std::string> pages;
  for (const Page& page : column.pages)
    pages.push_back(quote(to_string(decode_page_layout(page.encoding))));
  return fmt::format("[{}]", fmt::join(pages, ","));
}

void print_values(const Array& array) {
  fmt::print(R"(,"rows":{},"items":{},"is_list":{},"item_bits":{})", array.rows, array.items,
             array.is_list, array.item_bits);
  fmt::print(
      R"(,"row_valid":"{}","item_valid":"{}","list_offsets":"{}","offsets":"{}","data":"{}")",
      hex(array.row_valid), hex(array.item_valid), hex(array.list_offsets), hex(array.offsets),
      hex(array.data));
}

void print_column(const DataFileReader& file, std::uint32_t column, bool only_pages) {
  fmt::print(R"({{"column":{})", column);
  try {
    fmt::print(R"(,"pages":{})", describe_pages(file.columns()[column]));
    if (!only_pages) print_values(file.read_column(column, file.descriptor().rows, kMaxItems));
  } catch (const Error& error) {
    fmt::print(R"(,"error":{})", quote(error.what()));
  }
  fmt::print("}}\n");
}

void print_file(const std::string& path, bool only_pages) {
  try {
    const DataFileReader file = DataFileReader::open(io::InputFile(path).map());
    for (std::uint32_t column = 0; column < file.columns().size(); ++column)
      print_column(file, column, only_pages);
  } catch (const Error& error) {
    fmt::print("{{\"error\":{}}}\n", quote(error.what()));
  }
}

}  // namespace
}  // namespace lancekeep::lance

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool only_pages = !arguments.empty() && arguments.front() == "--pages";
  for (const std::string& path : std::span(arguments).subspan(only_pages ? 1 : 0)) {
    lancekeep::lance::print_file(path, only_pages);
  }
  return 0;
}
