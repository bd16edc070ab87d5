// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/codecs_testing.h"

namespace lancekeep::lance {
namespace {

using Valid = std::vector<std::uint8_t>;

std::string value(const std::string& bytes) {
  return raw<std::uint32_t>({static_cast<std::uint32_t>(bytes.size())}) + bytes;
}

TestPage full_zip(const std::string& encoding, std::string rows, std::uint64_t count) {
  return {message(3, varints({{4, 32}, {5, count}, {6, count}}) + message(7, encoding) +
                         layers(8, {1})),
          {std::move(rows)},
          count};
}

// "abc", null, "".
TestPage with_null() {
  return {
      message(3, varints({{2, 1}, {4, 64}, {5, 3}}) + message(7, variable(64)) + layers(8, {3})),
      {std::string("\0", 1) + raw<std::uint64_t>({3}) + "abc" + "\1" + std::string("\0", 1) +
       raw<std::uint64_t>({0})},
      3};
}

TEST(FullZipPageTest, ReadsConsecutiveRows) {
  const Array page = full_zip(variable(32), value("abc") + value("") + value("d"), 3).decode();
  EXPECT_EQ(page.rows, 3);
  EXPECT_EQ(page.text(0), "abc");
  EXPECT_EQ(page.text(1), "");
  EXPECT_EQ(page.text(2), "d");
}

TEST(FullZipPageTest, ReadsNulls) {
  const Array page = with_null().decode();
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1}));
  EXPECT_EQ(page.text(0), "abc");
  EXPECT_EQ(page.items, 3);
}

TEST(FullZipPageTest, ReadsCompressedValues) {
  const TestPage page =
      full_zip(general(2, variable(32)), value(zstd("tensor")) + value(zstd("")), 2);
  EXPECT_EQ(page.decode().text(0), "tensor");
  EXPECT_EQ(page.decode().text(1), "");
}

TEST(FullZipPageTest, ReadsFsst) {
  const TestPage page =
      full_zip(fsst(symbol_table({"layer"}), variable(32)), value(std::string("\0\0", 2)), 1);
  EXPECT_EQ(page.decode().text(0), "layerlayer");
}

// Doubles 1, null; null list; empty list; 2: two rows of lists, one null, one empty.
TestPage zipped_lists() {
  const auto word = [](int rep, int def) {
    return std::string(1, static_cast<char>(rep << 2 | def));
  };
  const auto number = [](double value) { return raw<double>({value}); };
  return {message(3, varints({{1, 1}, {2, 2}, {3, 64}, {5, 5}, {6, 3}}) + message(7, flat(64)) +
                         layers(8, {3, 6})),
          {word(1, 0) + number(1) + word(0, 1) + number(0) + word(1, 2) + word(1, 3) + word(1, 0) +
           number(2)},
          4};
}

TEST(FullZipPageTest, ReadsListsOfFixedWidth) {
  const Array page = zipped_lists().decode();
  EXPECT_EQ(numbers<double>(page.data), (std::vector<double>{1, 0, 2}));
  EXPECT_EQ(page.list_offsets, (std::vector<std::uint64_t>{0, 2, 2, 2, 3}));
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1, 1}));
  EXPECT_EQ(page.item_valid, (Valid{1, 0, 1}));
}

TEST(FullZipPageTest, ReadsFixedSizeListsWithNulls) {
  const TestPage page = {
      message(3, varints({{3, 24}, {5, 2}, {6, 2}}) +
                     message(7, fixed_size_list(2, flat(8), true)) + layers(8, {1})),
      {std::string("\x03") + "ab" + "\x02" + "cd"},
      2};
  const Array array = page.decode();
  EXPECT_EQ(array.dimension, 2);
  EXPECT_EQ(array.value_valid, (Valid{1, 1, 0, 1}));
  EXPECT_EQ(numbers<char>(array.data), (std::vector<char>{'a', 'b', 0, 'd'}));
}

TEST(FullZipPageTest, ReadsNullsWithoutAType) {
  TestPage page = {
      message(3, varints({{2, 1}, {3, 0}}) + message(7, message(3, "")) + layers(8, {3})),
      {"\1\1"},
      2};
  EXPECT_EQ(page.decode().row_valid, (Valid{0, 0}));
  EXPECT_FALSE(page.decode().has_type());
  page.buffers[0][1] = 0;
  expect_corrupt("a full-zip page of nulls has a value", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsNullsWithoutLevels) {
  const TestPage page = {message(3, message(7, message(3, "")) + layers(8, {1})), {"\1"}, 1};
  expect_corrupt("a full-zip page of nulls has no levels", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsLayersWithoutTheirLevels) {
  TestPage page = zipped_lists();
  page.layout = message(3, varint(3, 64) + message(7, flat(64)) + layers(8, {1, 2}));
  expect_corrupt("repetition levels do not match its layers", [&] { (void)page.decode(); });
  page.layout = message(3, varints({{1, 1}, {3, 64}}) + message(7, flat(64)) + layers(8, {1, 5}));
  expect_corrupt("has no definition levels", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsAnotherWidthThanItsValues) {
  TestPage page = full_zip(variable(32), "abcd", 1);
  page.layout = message(3, varint(3, 40) + message(7, flat(32)) + layers(8, {1}));
  expect_corrupt("values have 40 bits, expected 32", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsOtherFixedWidthEncodings) {
  TestPage page = full_zip(variable(32), "abcd", 1);
  page.layout = message(3, varint(3, 32) + message(7, inline_packed(32)) + layers(8, {1}));
  expect_unsupported("a full-zip page's values are encoded as inline bit-packing 32",
                     [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, SurvivesDamagedLists) {
  EXPECT_GT(rejected_when_damaged(zipped_lists()), 50);
}

TEST(FullZipPageTest, RejectsOtherLengths) {
  TestPage page = full_zip(variable(32), "abcd", 1);
  page.layout = message(3, varint(4, 16) + message(7, variable(32)) + layers(8, {1}));
  expect_corrupt("lengths have 16 bits", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsWideControlWords) {
  TestPage page = full_zip(variable(32), "abcd", 1);
  page.layout = message(3, varints({{2, 17}, {4, 32}}) + message(7, variable(32)) + layers(8, {3}));
  expect_unsupported("levels of 0 and 17 bits", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsOtherEncodings) {
  expect_unsupported("a full-zip page's values are encoded as flat 8 (encoding 1)",
                     [] { (void)full_zip(flat(8), value("a"), 1).decode(); });
}

TEST(FullZipPageTest, RejectsMoreRowsThanItHas) {
  expect_corrupt("a page continues after its 1 rows",
                 [] { (void)full_zip(variable(32), value("a") + value("b"), 1).decode(); });
}

TEST(FullZipPageTest, RejectsFewerRowsThanItHas) {
  expect_corrupt("a page has 1 rows, expected 2",
                 [] { (void)full_zip(variable(32), value("a"), 2).decode(); });
}

TEST(FullZipPageTest, RejectsANullInANonNullableLayer) {
  TestPage page = with_null();
  page.layout = message(3, varints({{2, 1}, {4, 64}}) + message(7, variable(64)) + layers(8, {1}));
  expect_corrupt("a definition level is 1, expected at most 0", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsALevelThatNoLayerHas) {
  TestPage page = with_null();
  page.buffers[0][12] = 2;
  expect_corrupt("a repetition level is 1, expected at most 0", [&] { (void)page.decode(); });
  page = zipped_lists();
  page.layout =
      message(3, varints({{1, 1}, {2, 2}, {3, 64}}) + message(7, flat(64)) + layers(8, {1, 5}));
  expect_corrupt("a definition level is 3, expected at most 1", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsALengthBeyondThePage) {
  TestPage page = with_null();
  page.buffers[0][8] = '\x7f';  // the highest byte of the first length
  expect_corrupt("a value needs", [&] { (void)page.decode(); });
}

TEST(FullZipPageTest, RejectsEveryPrefix) {
  expect_rejected_when_cut(with_null(), 0, with_null().buffers[0].size());
}

TEST(FullZipPageTest, SurvivesDamage) { EXPECT_GT(rejected_when_damaged(with_null()), 50); }

}  // namespace
}  // namespace lancekeep::lance
