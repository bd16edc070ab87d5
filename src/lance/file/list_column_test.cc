// SPDX-License-Identifier: Apache-2.0
#include "lance/file/list_column.h"

#include "lance/encoding/mini_block_testing.h"
#include "lance/encoding/v2_0/v2_0_testing.h"
#include "lance/file/file_testing.h"

#include <tuple>

namespace lancekeep::lance {
namespace {

using Numbers = std::vector<double>;
using Offsets = std::vector<std::uint64_t>;
using Valid = std::vector<std::uint8_t>;

// Adds a page with these buffers to the file, each at a multiple of 64.
Page placed(TestFile& file, const std::vector<std::string>& buffers, std::uint64_t rows,
            const std::string& type_url, const std::string& encoding) {
  Page page;
  page.rows = rows;
  page.type_url = type_url;
  page.encoding = view(encoding);
  for (const std::string& buffer : buffers) {
    file.body = padded(std::move(file.body), 64);
    page.buffers.push_back({file.body.size(), buffer.size()});
    file.body += buffer;
  }
  return page;
}

TestPage lists_page(const Numbers& values, std::vector<std::uint16_t> rep, std::uint64_t rows) {
  const auto count = static_cast<std::uint16_t>(rep.size());
  return mini_block(message(1, flat(16)) + mini_block_layout(flat(64), {1, 2}, 1, values.size()),
                    {{.levels = count, .rep = raw(rep), .values = {raw(values)}}}, rows);
}

// list<double> in two pages: [1, 2], [3] and [4, 5, 6].
TestFile two_pages() {
  TestFile file;
  file.columns.resize(1);
  file.columns[0].type_url = "/lance.encodings.ColumnEncoding";
  for (const TestPage& page :
       {lists_page({1, 2, 3}, {1, 0, 1}, 2), lists_page({4, 5, 6}, {1, 0, 0}, 1)}) {
    file.columns[0].pages.push_back(
        placed(file, page.buffers, page.rows, "/lance.encodings21.PageLayout", page.layout));
  }
  file.descriptor.fields = {field(0, -1, "list"), field(1, 0, "double")};
  file.descriptor.rows = 3;
  return file;
}

// The same in format 2.0, but the second row is null: [1, 2], null, [4].
TestFile old_format() {
  TestFile file;
  file.major = 0;
  file.minor = 3;
  file.columns.resize(2);
  const std::string url = "/lance.encodings.ArrayEncoding";
  for (ColumnMetadata& column : file.columns) column.type_url = "/lance.encodings.ColumnEncoding";
  file.columns[0].pages.push_back(placed(file, {raw<std::uint64_t>({2, 2 + 4, 3})}, 3, url,
                                         v2_0::list(v2_0::flat(64, 0), 4, 3)));
  file.columns[1].pages.push_back(
      placed(file, {raw<double>({1, 2, 4})}, 3, url, v2_0::no_nulls(v2_0::flat(64, 0))));
  file.descriptor.fields = {field(0, -1, "list"), field(1, 0, "double")};
  file.descriptor.rows = 3;
  return file;
}

std::pair<Numbers, ListRows> decoded(const TestFile& test_file, unsigned threads = 2) {
  const DataFileReader file = open_file(test_file);
  const ListColumn column = ListColumn::open(file, 0, 3, 100);
  Numbers values(column.values());
  ListRows rows = column.decode(std::as_writable_bytes(std::span(values)), threads);
  return {values, rows};
}

TEST(ListColumnTest, DecodesPagesIntoTheCallersMemory) {
  for (const unsigned threads : {0U, 1U, 4U}) {
    const auto [values, rows] = decoded(two_pages(), threads);
    EXPECT_EQ(values, (Numbers{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(rows.offsets, (Offsets{0, 2, 3, 6}));
    EXPECT_TRUE(rows.row_valid.empty());
  }
}

TEST(ListColumnTest, DecodesTheItemsOfFormat20FromTheNextColumn) {
  const auto [values, rows] = decoded(old_format());
  EXPECT_EQ(values, (Numbers{1, 2, 4}));
  EXPECT_EQ(rows.offsets, (Offsets{0, 2, 2, 3}));
  EXPECT_EQ(rows.row_valid, (Valid{1, 0, 1}));
}

TEST(ListColumnTest, EqualsReadColumn) {
  for (const TestFile& test_file : {two_pages(), old_format()}) {
    const Array array = open_file(test_file).read_column(0, 3, 100);
    const auto [values, rows] = decoded(test_file);
    EXPECT_EQ(numbers<double>(array.data), values);
    EXPECT_EQ(array.list_offsets, rows.offsets);
    EXPECT_EQ(array.row_valid, rows.row_valid);
  }
}

// All pieces of one thread, as (row, first, at, values).
using Piece = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, Numbers>;
std::pair<std::vector<Piece>, ListRows> pieces_of(const TestFile& test_file) {
  const DataFileReader file = open_file(test_file);
  const ListColumn column = ListColumn::open(file, 0, 3, 100);
  std::vector<Piece> pieces;
  ListRows rows = column.decode_pieces(1, [&](const ListPiece& piece) {
    pieces.emplace_back(
        piece.row, piece.first, piece.at,
        numbers<double>(std::vector<std::byte>(piece.values.begin(), piece.values.end())));
  });
  return {pieces, rows};
}

TEST(ListColumnTest, PassesOnPiecesOfRows) {
  const auto [pieces, rows] = pieces_of(two_pages());
  EXPECT_EQ(pieces, (std::vector<Piece>{{0, 0, 0, {1, 2}}, {1, 0, 2, {3}}, {2, 0, 3, {4, 5, 6}}}));
  EXPECT_EQ(rows.offsets, (Offsets{0, 2, 3, 6}));
}

TEST(ListColumnTest, PassesOnPiecesOfRowsThatSpanPages) {
  TestFile file = old_format();
  const std::string url = "/lance.encodings.ArrayEncoding";
  const std::string layout = v2_0::no_nulls(v2_0::flat(64, 0));
  file.columns[1].pages = {placed(file, {raw<double>({1})}, 1, url, layout),
                           placed(file, {raw<double>({2, 4})}, 2, url, layout)};
  const auto [pieces, rows] = pieces_of(file);
  EXPECT_EQ(pieces, (std::vector<Piece>{{0, 0, 0, {1}}, {0, 1, 1, {2}}, {2, 0, 2, {4}}}));
  EXPECT_EQ(rows.offsets, (Offsets{0, 2, 2, 3}));
  EXPECT_EQ(rows.row_valid, (Valid{1, 0, 1}));
}

TEST(ListColumnTest, PassesOnNumbersAsListsOfOne) {
  const DataFileReader file = open_file(integer_file());
  const ListColumn column = ListColumn::open(file, 0, 5, 5);
  std::vector<std::uint64_t> rows_seen;
  (void)column.decode_pieces(1, [&](const ListPiece& piece) {
    EXPECT_EQ(piece.values.size(), 8U);
    EXPECT_EQ(piece.at, piece.row);
    rows_seen.push_back(piece.row);
  });
  EXPECT_EQ(rows_seen, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
}

TEST(ListColumnTest, RethrowsWhatTheSinkThrows) {
  const DataFileReader file = open_file(two_pages());
  const ListColumn column = ListColumn::open(file, 0, 3, 100);
  expect_error(ErrorCode::invalid_argument, "no more", [&] {
    (void)column.decode_pieces(
        2, [](const ListPiece&) { throw Error(ErrorCode::invalid_argument, "no more"); });
  });
}

TEST(ListColumnTest, ReadsNumbersAsListsOfOne) {
  const DataFileReader file = open_file(integer_file());
  const ListColumn column = ListColumn::open(file, 0, 5, 5);
  std::vector<std::uint64_t> values(column.values(), 99);
  const ListRows rows = column.decode(std::as_writable_bytes(std::span(values)), 1);
  EXPECT_EQ(values, (std::vector<std::uint64_t>{7, 7, 7, 0, 0}));
  EXPECT_EQ(rows.offsets, (Offsets{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(rows.row_valid, (Valid{1, 1, 1, 0, 0}));
}

TEST(ListColumnTest, RejectsMoreValuesThanAllowed) {
  const DataFileReader file = open_file(two_pages());
  expect_corrupt("a column has more than 5 values", [&] { (void)ListColumn::open(file, 0, 3, 5); });
}

TEST(ListColumnTest, RejectsAWrongNumberOfRows) {
  const DataFileReader file = open_file(two_pages());
  expect_corrupt("a column has 3 rows, expected 4",
                 [&] { (void)ListColumn::open(file, 0, 4, 100); });
}

TEST(ListColumnTest, RejectsStrings) {
  TestFile file = integer_file();
  file.descriptor.fields[0].logical_type = "string";
  file.columns[0].pages.erase(file.columns[0].pages.begin());
  const DataFileReader reader = open_file(file);
  expect_unsupported("not fixed-width numbers", [&] { (void)ListColumn::open(reader, 0, 2, 9); });
}

TEST(ListColumnTest, RejectsValuesThatAreTooWideForNumbers) {
  TestFile file;
  file.columns.resize(1);
  const TestPage page = mini_block(mini_block_layout(run_length(1 << 30), {1}, 2, 60'000),
                                   {{.levels = 0, .values = {"", ""}}}, 60'000);
  file.columns[0].pages.push_back(
      placed(file, page.buffers, page.rows, "/lance.encodings21.PageLayout", page.layout));
  const DataFileReader reader = open_file(file);
  expect_unsupported("not fixed-width numbers",
                     [&] { (void)ListColumn::open(reader, 0, 60'000, 60'000); });
}

TEST(ListColumnTest, RejectsValidityForAWrongNumberOfValues) {
  TestFile file = old_format();
  file.columns.resize(1);
  file.columns[0].pages[0] = placed(file, {}, 3, "/lance.encodings.ArrayEncoding",
                                    v2_0::fixed_lists(5, v2_0::all_nulls()));
  file.descriptor.fields = {field(0, -1, "fixed_size_list:double:2")};
  const DataFileReader reader = open_file(file);
  const ListColumn column = ListColumn::open(reader, 0, 3, 100);
  Numbers values(column.values());
  expect_corrupt("has validity for 15 values, expected 6",
                 [&] { (void)column.decode(std::as_writable_bytes(std::span(values)), 1); });
}

TEST(ListColumnTest, RejectsPagesThatDeclareMoreThanTheirChunksHold) {
  TestFile file = two_pages();
  const TestPage page = lists_page({4, 5, 6}, {1, 0, 0}, 1);
  file.columns[0].pages[1].encoding = view(message(
      1, message(1, flat(16)) + mini_block_layout(flat(64), {1, 2}, 1, std::uint64_t{1} << 40)));
  const DataFileReader reader = open_file(file);
  expect_corrupt("items, but its chunks hold at most 65536",
                 [&] { (void)ListColumn::open(reader, 0, 3, std::uint64_t{1} << 50); });
}

TEST(ListColumnTest, RejectsABufferOfTheWrongSize) {
  const DataFileReader file = open_file(two_pages());
  const ListColumn column = ListColumn::open(file, 0, 3, 100);
  Numbers values(5);
  expect_error(ErrorCode::invalid_argument, "40 bytes for 6 values of 64 bits",
               [&] { (void)column.decode(std::as_writable_bytes(std::span(values)), 1); });
}

TEST(ListColumnTest, ErrorsNameColumnAndPage) {
  TestFile file = two_pages();
  const std::uint64_t at = file.columns[0].pages[1].buffers[1].offset;
  file.body[at] = 9;  // the number of levels
  const DataFileReader reader = open_file(file);
  const ListColumn column = ListColumn::open(reader, 0, 3, 100);
  Numbers values(6);
  expect_corrupt("column 0, page 1: ",
                 [&] { (void)column.decode(std::as_writable_bytes(std::span(values)), 2); });
}

TEST(ListColumnTest, SurvivesFlippedBits) {
  for (const TestFile& file : {two_pages(), old_format()}) {
    const std::string bytes = file.bytes();
    int rejected = 0;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      try {
        const DataFileReader reader = DataFileReader::open(view(damaged));
        const ListColumn column = ListColumn::open(reader, 0, 3, 100);
        std::vector<std::byte> values(column.values() * (column.value_bits() / 8));
        (void)column.decode(values, 1);
        (void)column.decode_pieces(1, [](const ListPiece&) {});
      } catch (const Error&) {
        ++rejected;
      }
    }
    EXPECT_GT(rejected, 500);
  }
}

}  // namespace
}  // namespace lancekeep::lance
