// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/mini_block_testing.h"

namespace lancekeep::lance {
namespace {

using Valid = std::vector<std::uint8_t>;
using Offsets = std::vector<std::uint64_t>;
using Integers = std::vector<std::uint64_t>;

std::string u64s(std::initializer_list<std::uint64_t> values) { return raw<std::uint64_t>(values); }
// Five integers in three chunks of 2, 2 and 1.
TestPage three_chunks(bool large = false) {
  return mini_block(mini_block_layout(flat(64), {1}, 1, 5),
                    {{.values = {u64s({1, 2})}, .log_items = 1},
                     {.values = {u64s({3, 4})}, .log_items = 1},
                     {.values = {u64s({5})}}},
                    5, large);
}

// Three strings; the second is null.
TestPage texts_with_null() {
  const std::string def = message(2, flat(16));
  return mini_block(def + mini_block_layout(variable(32), {3}, 1, 3),
                    {{.levels = 3,
                      .def = levels({0, 1, 0}),
                      .values = {raw<std::uint32_t>({16, 17, 17, 19}) + "abc"}}},
                    3);
}

// [1, 2, 3], null, [], [4]: the first row is in both chunks.
TestPage chunked_lists() {
  const std::string compressions = message(1, flat(16)) + message(2, flat(16));
  TestPage page =
      mini_block(compressions + mini_block_layout(flat(64), {1, 6}, 1, 4) + varint(8, 1),
                 {{.levels = 2,
                   .rep = levels({1, 0}),
                   .def = levels({0, 0}),
                   .values = {u64s({1, 2})},
                   .log_items = 1},
                  {.levels = 4,
                   .rep = levels({0, 1, 1, 1}),
                   .def = levels({0, 1, 2, 0}),
                   .values = {u64s({3, 4})}}},
                 4);
  page.buffers.push_back(u64s({0, 2, 4, 0}));
  return page;
}

// "one", "x", "x" with a dictionary.
TestPage dictionary() {
  TestPage page =
      mini_block(mini_block_layout(flat(32), {1}, 1, 3) + message(4, variable(32)) + varint(5, 2),
                 {{.values = {raw<std::uint32_t>({0, 1, 1})}}}, 3);
  page.buffers.push_back(raw<std::uint32_t>({32, 20, 0, 3, 4}) + "onex");
  return page;
}

TEST(MiniBlockPageTest, ReadsManyChunks) {
  for (const bool large : {false, true}) {
    const Array page = three_chunks(large).decode();
    EXPECT_EQ(page.rows, 5);
    EXPECT_EQ(page.items, 5);
    EXPECT_EQ(numbers<std::uint64_t>(page.data), (Integers{1, 2, 3, 4, 5}));
  }
}

TEST(MiniBlockPageTest, ReadsNulls) {
  const Array page = texts_with_null().decode();
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1}));
  EXPECT_EQ(page.text(0), "a");
  EXPECT_EQ(page.text(1), "");
  EXPECT_EQ(page.text(2), "bc");
}

TEST(MiniBlockPageTest, ReadsListsThatSpanChunks) {
  const Array page = chunked_lists().decode();
  EXPECT_EQ(page.list_offsets, (Offsets{0, 3, 3, 3, 4}));
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1, 1}));
  EXPECT_EQ(numbers<std::uint64_t>(page.data), (Integers{1, 2, 3, 4}));
}

TEST(MiniBlockPageTest, ReadsADictionary) {
  const Array page = dictionary().decode();
  EXPECT_EQ(page.text(0), "one");
  EXPECT_EQ(page.text(2), "x");
}

TEST(MiniBlockPageTest, ReadsAPageWithoutRows) {
  EXPECT_EQ(mini_block(mini_block_layout(flat(64), {1}, 1, 0), {}, 0).decode().rows, 0);
}

TEST(MiniBlockPageTest, ReadsChunksLargerThan32KiB) {
  const std::vector<std::uint64_t> many(9000, 7);
  const TestPage page =
      mini_block(mini_block_layout(flat(64), {1}, 1, 9000), {{.values = {raw(many)}}}, 9000, true);
  EXPECT_EQ(numbers<std::uint64_t>(page.decode().data), many);
}

TEST(MiniBlockPageTest, AppendsToEarlierPages) {
  Array column;
  three_chunks().append_to(column);
  three_chunks().append_to(column);
  EXPECT_EQ(column.rows, 10);
  EXPECT_EQ(column.value<std::uint64_t>(9), 5);
}

TEST(MiniBlockPageTest, ZeroesNullItems) {
  const TestPage page =
      mini_block(message(2, flat(16)) + mini_block_layout(flat(64), {3}, 1, 2),
                 {{.levels = 2, .def = levels({1, 0}), .values = {u64s({9, 8})}}}, 2);
  EXPECT_EQ(numbers<std::uint64_t>(page.decode().data), (Integers{0, 8}));
}

TEST(MiniBlockPageTest, RejectsMoreItemsThanAllowed) {
  expect_corrupt("a page has 5 rows or items, expected at most 4",
                 [] { (void)three_chunks().decode(4); });
}

TEST(MiniBlockPageTest, RejectsMoreListItemsThanAllowed) {
  TestPage page = chunked_lists();
  page.rows = 2;
  expect_corrupt("a page has 4 rows or items, expected at most 3", [&] { (void)page.decode(3); });
}

TEST(MiniBlockPageTest, RejectsItemsThatAreNotTheRows) {
  TestPage page = three_chunks();
  page.rows = 4;
  expect_corrupt("a page of 4 rows has 5 items", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsListsWithoutRepetition) {
  expect_corrupt("a page of lists has no repetition levels", [] {
    (void)mini_block(mini_block_layout(flat(64), {1, 2}, 1, 0), {}, 0).decode();
  });
}

TEST(MiniBlockPageTest, RejectsRepetitionWithoutLists) {
  expect_corrupt("a page without lists has repetition levels", [] {
    (void)mini_block(message(1, flat(16)) + mini_block_layout(flat(64), {1}, 1, 0), {}, 0).decode();
  });
}

TEST(MiniBlockPageTest, RejectsManyValueBuffers) {
  expect_unsupported("chunks have 9 value buffers", [] {
    (void)mini_block(mini_block_layout(flat(64), {1}, 9, 0), {}, 0).decode();
  });
}

TEST(MiniBlockPageTest, RejectsChunksWithMoreItemsThanThePage) {
  TestPage page = three_chunks();
  page.buffers[0][0] = static_cast<char>(page.buffers[0][0] | 3);  // 2^3 items
  expect_corrupt("a chunk has 8 items, but only 5 remain", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsAPageWithoutChunksForItsItems) {
  expect_corrupt("chunks of a page are 5 items short",
                 [] { (void)mini_block(mini_block_layout(flat(64), {1}, 1, 5), {}, 5).decode(); });
}

TEST(MiniBlockPageTest, RejectsAChunkBeyondTheBuffer) {
  TestPage page = three_chunks();
  page.buffers[1].resize(page.buffers[1].size() - 8);
  expect_corrupt("a chunk needs 16 bytes, but only 8 remain", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsAValueBufferBeyondTheChunk) {
  TestPage page = three_chunks();
  page.buffers[1][2] = 24;  // the first chunk has 24 bytes, including a head of 8
  expect_corrupt("a value buffer needs 24 bytes, but only 16 remain", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsLevelsThatAreNotTheItems) {
  const TestPage page =
      mini_block(message(2, flat(16)) + mini_block_layout(flat(64), {3}, 1, 2),
                 {{.levels = 1, .def = levels({0}), .values = {u64s({9, 8})}}}, 2);
  expect_corrupt("levels are for 1 items, but it has 2", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsMoreLevelsThanRowsAndItems) {
  const TestPage page =
      mini_block(message(2, out_of_line(16, 0)) + mini_block_layout(flat(64), {3}, 1, 2),
                 {{.levels = 60000, .def = "", .values = {u64s({9, 8})}}}, 2);
  expect_corrupt("a page of 2 rows and 2 items has more levels than rows and items",
                 [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsADictionaryLargerThanThePage) {
  TestPage page = mini_block(mini_block_layout(flat(32), {1}, 1, 1) +
                                 message(4, out_of_line(64, 0)) + varint(5, 1ULL << 40),
                             {{.values = {raw<std::uint32_t>({0})}}}, 1);
  page.buffers.emplace_back();
  expect_corrupt("in a page of 1 items, declares", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsAMissingDictionary) {
  TestPage page = dictionary();
  page.buffers.pop_back();
  expect_corrupt("a page has 2 buffers, but its layout needs more", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsMissingBuffers) {
  TestPage page = three_chunks();
  page.buffers.clear();
  expect_corrupt("a page has 0 buffers", [&] { (void)page.decode(); });
}

TEST(MiniBlockPageTest, RejectsEveryPrefix) {
  for (const TestPage& page :
       {three_chunks(), three_chunks(true), texts_with_null(), chunked_lists(), dictionary()}) {
    for (std::size_t index = 0; index < 2; ++index)
      expect_rejected_when_cut(page, index, page.buffers[index].size());
  }
  expect_rejected_when_cut(dictionary(), 2, dictionary().buffers[2].size());
}

TEST(MiniBlockPageTest, SurvivesDamage) {
  for (const TestPage& page :
       {three_chunks(), three_chunks(true), texts_with_null(), chunked_lists(), dictionary()}) {
    EXPECT_GT(rejected_when_damaged(page), 100);
  }
}

}  // namespace
}  // namespace lancekeep::lance
