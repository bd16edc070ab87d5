// SPDX-License-Identifier: Apache-2.0
// Decodes every column of a data file, page by page and in bulk, and dumps the file as the command
// `dump` does. The input is the whole file. What a manifest would say about it comes from the file.
#include "fuzz/arrays.h"
#include "fuzz/invariants.h"
#include "lance/file/column_type.h"
#include "lance/table/dump_json.h"

#include <algorithm>

using namespace lancekeep;

namespace {

constexpr std::uint64_t kMaxItems = 1 << 16;
constexpr std::size_t kColumnsDumped = 2;    // dumping is slower than reading
constexpr std::size_t kFieldsAskedFor = 64;  // each one scans all fields
// page_input.cc and array.cc allow 256 MiB for strings and nulls: once decompressed, once in a page
// and once in the column, whose growing vector can have twice the capacity.
constexpr std::uint64_t kMaxMemory = std::uint64_t{5} << 28;

// The number of rows that a manifest would have.
std::uint64_t rows_of(const lance::ColumnMetadata& column) {
  std::uint64_t rows = 0;
  for (const lance::Page& page : column.pages) rows += page.rows;
  return rows;
}

// Decodes the values again, in pieces, and compares them.
void read_in_pieces(const lance::ListColumn& column, const lance::ListRows& lists,
                    const std::vector<std::byte>& values) {
  const std::size_t width = column.value_bits() / 8;
  std::size_t passed_on = 0;
  const auto sink = [&](const lance::ListPiece& piece) {
    fuzz::require(width > 0 && !piece.values.empty() && piece.values.size() % width == 0,
                  "a piece has values");
    const std::uint64_t end = piece.at + piece.values.size() / width;
    fuzz::require(piece.row < column.rows() && piece.at >= lists.offsets[piece.row] &&
                      end <= lists.offsets[piece.row + 1] &&
                      piece.first == piece.at - lists.offsets[piece.row],
                  "a piece is within its row");
    fuzz::require(std::equal(piece.values.begin(), piece.values.end(),
                             values.begin() + static_cast<std::ptrdiff_t>(piece.at * width)),
                  "values decoded in pieces are the same");
    passed_on += piece.values.size();
  };
  const lance::ListRows again = column.decode_pieces(1, sink);
  fuzz::require(passed_on == values.size(), "the pieces have all values");
  fuzz::require(again.offsets == lists.offsets && again.row_valid == lists.row_valid &&
                    again.value_valid == lists.value_valid,
                "rows decoded in pieces are the same");
}

void read_in_bulk(const lance::DataFileReader& file, std::uint32_t index,
                  const lance::Array* whole) {
  const std::uint64_t rows = rows_of(file.column(index));
  const auto column = lance::ListColumn::open(file, index, rows, kMaxItems);
  fuzz::require(column.rows() == rows && column.values() <= kMaxItems,
                "a column has the expected rows and at most the allowed values");
  std::vector<std::byte> values(column.values() * (column.value_bits() / 8));
  const lance::ListRows lists = column.decode(values, 1);
  if (whole != nullptr && whole->outer.empty()) fuzz::check_same(*whole, lists, values);
  read_in_pieces(column, lists, values);
}

void read_column(const lance::DataFileReader& file, std::uint32_t index) {
  lance::Array whole;
  const bool is_read = fuzz::expect_read_or_rejected(
      [&] { whole = file.read_column(index, rows_of(file.column(index)), kMaxItems); });
  if (is_read) fuzz::check_array(whole);
  fuzz::expect_read_or_rejected([&] { read_in_bulk(file, index, is_read ? &whole : nullptr); });
}

// Looks up columns as if this were the only data file of a manifest.
void find_columns(const lance::DataFileReader& file) {
  const std::vector<lance::Field>& fields = file.descriptor().fields;
  lance::DataFile named;
  for (const lance::Field* field : lance::column_fields(fields, file.version())) {
    named.column_indices.push_back(static_cast<std::int32_t>(named.fields.size()));
    named.fields.push_back(field->id);
  }
  for (std::size_t i = 0; i < std::min(fields.size(), kFieldsAskedFor); ++i)
    (void)lance::find_column(named, fields, fields[i].id);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const io::ByteView content = fuzz::file_of(fuzz::text_of(bytes, size));
  const fuzz::MemoryLimit memory(kMaxMemory);
  fuzz::expect_read_or_rejected([&] {
    const auto file = lance::DataFileReader::open(content);
    if (file.columns().size() <= kColumnsDumped)
      (void)lance::to_json(file).dump(2, ' ', false, lance::Json::error_handler_t::replace);
    find_columns(file);
    for (std::uint32_t index = 0; index < file.columns().size(); ++index) read_column(file, index);
  });
  return 0;
}
