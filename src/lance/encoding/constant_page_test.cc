// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

using Valid = std::vector<std::uint8_t>;
using Offsets = std::vector<std::uint64_t>;
using Integers = std::vector<std::uint64_t>;

TestPage constant(const std::string& layout, std::vector<std::string> buffers, std::uint64_t rows) {
  return {message(2, layout), std::move(buffers), rows};
}

std::string inline_value(std::uint64_t value) { return message(6, raw<std::uint64_t>({value})); }

// The buffer of a constant string.
std::string text_buffer(const std::string& text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  return raw<std::uint32_t>({2, 8, size, 0, size}) + text;
}

TEST(ConstantPageTest, ReadsNullsWithoutBuffers) {
  const Array page = constant(layers(5, {3}), {}, 3).decode();
  EXPECT_EQ(page.row_valid, (Valid{0, 0, 0}));
  EXPECT_EQ(page.items, 3);
  EXPECT_FALSE(page.has_type());
}

TEST(ConstantPageTest, RepeatsAnInlineValue) {
  const Array page = constant(layers(5, {1}) + inline_value(7), {}, 3).decode();
  EXPECT_EQ(numbers<std::uint64_t>(page.data), (Integers{7, 7, 7}));
  EXPECT_TRUE(page.row_valid.empty());
}

TEST(ConstantPageTest, RepeatsAnInlineValueAmongNulls) {
  const Array page =
      constant(layers(5, {3}) + inline_value(7), {"", levels({0, 1, 0})}, 3).decode();
  EXPECT_EQ(numbers<std::uint64_t>(page.data), (Integers{7, 0, 7}));
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1}));
}

TEST(ConstantPageTest, RepeatsAString) {
  const Array page = constant(layers(5, {1}), {text_buffer("float32")}, 2).decode();
  EXPECT_EQ(page.text(0), "float32");
  EXPECT_EQ(page.text(1), "float32");
}

TEST(ConstantPageTest, RepeatsAnEmptyString) {
  EXPECT_EQ(constant(layers(5, {1}), {text_buffer("")}, 2).decode().offsets, (Offsets{0, 0, 0}));
}

TEST(ConstantPageTest, RepeatsAStringAmongNulls) {
  const Array page =
      constant(layers(5, {3}), {text_buffer("same"), "", levels({0, 1, 0})}, 3).decode();
  EXPECT_EQ(page.offsets, (Offsets{0, 4, 4, 8}));
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1}));
}

TEST(ConstantPageTest, ReadsAFixedWidthValueFromABuffer) {
  const std::string buffer = raw<std::uint32_t>({1, 8}) + raw<std::uint64_t>({9});
  EXPECT_EQ(numbers<std::uint64_t>(constant(layers(5, {1}), {buffer}, 2).decode().data),
            (Integers{9, 9}));
}

TEST(ConstantPageTest, ReadsEmptyAndNullLists) {
  const Array page = constant(layers(5, {1, 6}), {levels({1, 1}), levels({2, 1})}, 2).decode();
  EXPECT_EQ(page.list_offsets, (Offsets{0, 0, 0}));
  EXPECT_EQ(page.row_valid, (Valid{1, 0}));
  EXPECT_EQ(page.items, 0);
}

TEST(ConstantPageTest, ReadsListsOfOneValue) {
  const Array page =
      constant(layers(5, {1, 5}) + inline_value(7), {levels({1, 0, 1}), levels({0, 0, 1})}, 2)
          .decode();
  EXPECT_EQ(page.list_offsets, (Offsets{0, 2, 2}));
  EXPECT_EQ(numbers<std::uint64_t>(page.data), (Integers{7, 7}));
}

TEST(ConstantPageTest, ReadsListsOfNulls) {
  const Array page = constant(layers(5, {3, 2}), {levels({1, 0}), levels({1, 1})}, 1).decode();
  EXPECT_EQ(page.item_valid, (Valid{0, 0}));
  EXPECT_EQ(page.items, 2);
}

TEST(ConstantPageTest, ReadsCompressedLevels) {
  const std::string runs = raw<std::uint64_t>({2}) + levels({1}) + "\3";
  const std::string layout = layers(5, {1, 5}) + message(7, run_length(16)) +
                             message(8, run_length(16)) + varint(9, 3) + varint(10, 3);
  EXPECT_EQ(constant(layout, {runs, runs}, 3).decode().list_offsets, (Offsets{0, 0, 0, 0}));
}

TEST(ConstantPageTest, RejectsMoreRowsThanAllowed) {
  expect_corrupt("a page has 1099511627776 rows or items",
                 [] { (void)constant(layers(5, {3}), {}, 1ULL << 40).decode(1000); });
}

TEST(ConstantPageTest, RejectsRowsWithoutValueOrNulls) {
  expect_corrupt("neither a value nor nulls",
                 [] { (void)constant(layers(5, {1}), {}, 3).decode(); });
}

TEST(ConstantPageTest, RejectsItemsWithoutAValue) {
  expect_corrupt("has items, but no value",
                 [] { (void)constant(layers(5, {1, 5}), {levels({1}), levels({0})}, 1).decode(); });
}

TEST(ConstantPageTest, RejectsAStringThatRepeatsTooOften) {
  const std::string text(100'000, 'x');
  expect_corrupt("a string of 100000 bytes repeated 1000000 times",
                 [&] { (void)constant(layers(5, {1}), {text_buffer(text)}, 1'000'000).decode(); });
}

TEST(ConstantPageTest, RejectsAnEmptyInlineValue) {
  expect_corrupt("an inline constant has 0 bytes",
                 [] { (void)constant(layers(5, {1}) + message(6, ""), {}, 1).decode(); });
}

TEST(ConstantPageTest, RejectsALongInlineValue) {
  expect_corrupt("an inline constant has 33 bytes", [] {
    (void)constant(layers(5, {1}) + message(6, std::string(33, 'x')), {}, 1).decode();
  });
}

TEST(ConstantPageTest, RejectsALongFixedWidthValue) {
  expect_corrupt("a fixed-width constant has 33 bytes", [] {
    (void)constant(layers(5, {1}), {raw<std::uint32_t>({1, 33}) + std::string(33, 'x')}, 1)
        .decode();
  });
}

TEST(ConstantPageTest, RejectsAValueOfThreeParts) {
  expect_unsupported("a constant has 3 parts", [] {
    (void)constant(layers(5, {1}), {raw<std::uint32_t>({3, 0, 0, 0})}, 1).decode();
  });
}

TEST(ConstantPageTest, RejectsAStringThatEndsBeforeItStarts) {
  expect_corrupt("starts at 2 and ends at 1", [] {
    (void)constant(layers(5, {1}), {raw<std::uint32_t>({2, 8, 4, 2, 1}) + "abcd"}, 1).decode();
  });
}

TEST(ConstantPageTest, RejectsAStringBeyondItsPart) {
  expect_corrupt("a constant needs 5 bytes", [] {
    (void)constant(layers(5, {1}), {raw<std::uint32_t>({2, 8, 4, 0, 5}) + "abcd"}, 1).decode();
  });
}

TEST(ConstantPageTest, RejectsHalfALevel) {
  expect_corrupt("3 bytes of levels", [] {
    (void)constant(layers(5, {1, 5}), {std::string("\1\0\1", 3), levels({1})}, 1).decode();
  });
}

TEST(ConstantPageTest, RejectsMoreLevelsThanThePageCanHave) {
  const std::string layout =
      layers(5, {1, 5}) + message(7, out_of_line(16, 0)) + varint(9, 1ULL << 40);
  expect_corrupt("1099511627776 levels for 3 rows",
                 [&] { (void)constant(layout, {"", ""}, 3).decode(1000); });
}

TEST(ConstantPageTest, RejectsEveryPrefix) {
  expect_rejected_when_cut(constant(layers(5, {1}), {text_buffer("float32")}, 2), 0,
                           text_buffer("float32").size());
  const TestPage lists = constant(layers(5, {1, 6}), {levels({1, 1}), levels({2, 1})}, 2);
  expect_rejected_when_cut(lists, 0, 4);
  for (const std::size_t length : {1U, 2U, 3U}) {
    TestPage cut = lists;
    cut.buffers[1].resize(length);
    EXPECT_FALSE(decodes(cut)) << length;
  }
}

TEST(ConstantPageTest, SurvivesDamage) {
  EXPECT_GT(rejected_when_damaged(constant(layers(5, {1}), {text_buffer("float32")}, 2)), 50);
  EXPECT_GT(rejected_when_damaged(constant(layers(5, {1, 6}), {levels({1, 1}), levels({2, 1})}, 2)),
            20);
}

}  // namespace
}  // namespace lancekeep::lance
