// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/levels.h"

#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

using Valid = std::vector<std::uint8_t>;
using Offsets = std::vector<std::uint64_t>;
using Levels = std::vector<Level>;

Layers layers_of(const std::vector<std::uint64_t>& codes) { return decode_layers(codes, view("")); }

// The rows of a page with these levels, in one chunk.
Array rows(const std::vector<std::uint64_t>& codes, std::uint64_t count, const Levels& rep,
           const Levels& def) {
  RowBuilder builder(layers_of(codes), count);
  Array page;
  page.items = builder.add(rep, def, view(""));
  builder.finish(page, view(""));
  return page;
}

TEST(LevelsTest, NullItemsHaveSlots) {
  const Array page = rows({3}, 3, {}, {0, 1, 0});
  EXPECT_EQ(page.items, 3);
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1}));
  EXPECT_FALSE(page.is_list);
}

TEST(LevelsTest, ANullOnlyAtTheStartOrTheEnd) {
  EXPECT_EQ(rows({3}, 3, {}, {0, 0, 1}).row_valid, (Valid{1, 1, 0}));
  EXPECT_EQ(rows({3}, 3, {}, {1, 0, 0}).row_valid, (Valid{0, 1, 1}));
}

TEST(LevelsTest, ListsStartAtRepetitionOne) {
  const Array page = rows({1, 2}, 2, {1, 0, 0, 1}, {});
  EXPECT_TRUE(page.is_list);
  EXPECT_EQ(page.list_offsets, (Offsets{0, 3, 4}));
  EXPECT_TRUE(page.row_valid.empty());
  EXPECT_TRUE(page.item_valid.empty());
}

TEST(LevelsTest, NullListsHaveNoItems) {
  const Array page = rows({1, 4}, 3, {1, 1, 1}, {0, 1, 0});
  EXPECT_EQ(page.items, 2);
  EXPECT_EQ(page.list_offsets, (Offsets{0, 1, 1, 2}));
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1}));
}

TEST(LevelsTest, EmptyListsAreNotNull) {
  const Array page = rows({1, 5}, 3, {1, 1, 1}, {0, 1, 0});
  EXPECT_EQ(page.list_offsets, (Offsets{0, 1, 1, 2}));
  EXPECT_TRUE(page.row_valid.empty());
}

TEST(LevelsTest, NullComesBeforeEmpty) {
  const Array page = rows({1, 6}, 3, {1, 1, 1}, {2, 1, 0});
  EXPECT_EQ(page.list_offsets, (Offsets{0, 0, 0, 1}));
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 1}));
}

TEST(LevelsTest, InnerLayersTakeTheLowerNumbers) {
  const Array page = rows({3, 6}, 4, {1, 0, 1, 1, 1}, {0, 1, 3, 2, 1});
  EXPECT_EQ(page.items, 3);
  EXPECT_EQ(page.list_offsets, (Offsets{0, 2, 2, 2, 3}));
  EXPECT_EQ(page.row_valid, (Valid{1, 1, 0, 1}));
  EXPECT_EQ(page.item_valid, (Valid{1, 0, 0}));
}

TEST(LevelsTest, ARowContinuesInTheNextChunk) {
  RowBuilder builder(layers_of({1, 5}), 3);
  EXPECT_EQ(builder.add(Levels{1, 1, 0}, Levels{1, 0, 0}, view("")), 2);
  EXPECT_EQ(builder.add(Levels{0, 1}, Levels{0, 0}, view("")), 2);
  Array page;
  page.items = 4;
  builder.finish(page, view(""));
  EXPECT_EQ(page.list_offsets, (Offsets{0, 0, 3, 4}));
}

TEST(LevelsTest, DecodesRawAndPackedLevels) {
  EXPECT_EQ(decode_levels(std::nullopt, view(raw<Level>({1, 0})), 2), (Levels{1, 0}));
  EXPECT_EQ(decode_levels(compression(out_of_line(16, 0)), view(""), 3), (Levels{0, 0, 0}));
  const std::string runs = raw<std::uint64_t>({4}) + raw<Level>({1, 0}) + raw<std::uint8_t>({1, 2});
  EXPECT_EQ(decode_levels(compression(run_length(16)), view(runs), 3), (Levels{1, 0, 0}));
}

TEST(LevelsTest, RejectsLevelsThatAreNot16Bits) {
  expect_unsupported("levels are encoded as flat 8",
                     [] { return decode_levels(compression(flat(8)), view("ab"), 2); });
}

TEST(LevelsTest, RejectsTruncatedLevels) {
  expect_corrupt("fixed-width values needs 4 bytes",
                 [] { return decode_levels(std::nullopt, view("abc"), 2); });
}

TEST(LevelsTest, RejectsMissingLayers) {
  expect_unsupported("layers ;", [] { layers_of({}); });
}

TEST(LevelsTest, ListsOfLists) {
  // [[a, b], []], null, [[c]]
  const Array page = rows({1, 5, 4}, 3, {2, 0, 1, 2, 2}, {0, 0, 1, 2, 0});
  EXPECT_EQ(page.list_offsets, (Offsets{0, 2, 2, 3}));
  ASSERT_EQ(page.outer.size(), 1);
  EXPECT_EQ(page.outer[0].entries, 3);
  EXPECT_EQ(page.outer[0].offsets, (Offsets{0, 2, 2, 3}));
  EXPECT_EQ(page.outer[0].valid, (Valid{1, 0, 1}));
}

TEST(LevelsTest, ItemsOfANullStructAreNullAndHaveSlots) {
  const Array page = rows({3, 3}, 3, {}, {0, 1, 2});
  EXPECT_EQ(page.items, 3);
  EXPECT_EQ(page.row_valid, (Valid{1, 0, 0}));
  ASSERT_EQ(page.outer.size(), 1);
  EXPECT_FALSE(page.outer[0].is_list);
  EXPECT_EQ(page.outer[0].valid, (Valid{1, 1, 0}));
}

TEST(LevelsTest, AListOfANullStructIsNull) {
  const Array page = rows({1, 2, 3}, 2, {1, 1}, {0, 1});
  EXPECT_EQ(page.items, 1);
  EXPECT_EQ(page.row_valid, (Valid{1, 0}));
  EXPECT_EQ(page.list_offsets, (Offsets{0, 1, 1}));
}

TEST(LevelsTest, InListsOfStructsTheListIsTheOuterLayer) {
  const Array page = rows({1, 3, 5}, 2, {1, 0, 1}, {0, 1, 2});
  EXPECT_FALSE(page.is_list);
  EXPECT_EQ(page.items, 2);
  ASSERT_EQ(page.outer.size(), 2);
  EXPECT_EQ(page.outer[0].offsets, (Offsets{0, 2, 2}));
  EXPECT_EQ(page.outer[1].valid, (Valid{1, 0}));
}

TEST(LevelsTest, RejectsARowThatContinuesAfterANull) {
  expect_corrupt("a null or empty list has items", [] { rows({1, 2, 4}, 1, {2, 1}, {1, 0}); });
}

TEST(LevelsTest, RejectsTooManyLayers) {
  expect_unsupported("at most 32 layers", [] { layers_of(std::vector<std::uint64_t>(33, 1)); });
}

TEST(LevelsTest, RejectsAListAsTheInnermostLayer) {
  expect_unsupported("layers 2", [] { layers_of({2}); });
}

TEST(LevelsTest, RejectsUnknownLayers) {
  expect_unsupported("layers 1, 7", [] { layers_of({1, 7}); });
}

TEST(LevelsTest, RejectsALevelThatNoLayerHas) {
  expect_corrupt("a definition level is 1, expected at most 0", [] { rows({1}, 1, {}, {1}); });
  expect_corrupt("a definition level is 3, expected at most 2", [] { rows({1, 6}, 1, {1}, {3}); });
}

TEST(LevelsTest, RejectsARepetitionOfTwo) {
  expect_corrupt("a repetition level is 2", [] { rows({1, 2}, 1, {2}, {}); });
}

TEST(LevelsTest, RejectsAPageThatStartsInTheMiddleOfARow) {
  expect_corrupt("starts in the middle of a row", [] { rows({1, 2}, 1, {0, 1}, {}); });
}

TEST(LevelsTest, RejectsItemsInAnEmptyList) {
  expect_corrupt("a null or empty list has items", [] { rows({1, 5}, 1, {1, 0}, {1, 0}); });
}

TEST(LevelsTest, RejectsAnEmptyListWithinAList) {
  expect_corrupt("a null or empty list has items", [] { rows({1, 5}, 1, {1, 0}, {0, 1}); });
}

TEST(LevelsTest, RejectsMoreRowsThanThePageHas) {
  expect_corrupt("a page has more than the 1 rows that it declares",
                 [] { rows({1, 2}, 1, {1, 1}, {}); });
  expect_corrupt("a page has more than the 1 rows that it declares",
                 [] { rows({3}, 1, {}, {0, 1}); });
}

TEST(LevelsTest, RejectsFewerRowsThanThePageHas) {
  expect_corrupt("a page has 1 rows, expected 2", [] { rows({1, 2}, 2, {1, 0}, {}); });
  expect_corrupt("a page has 1 rows, expected 2", [] { rows({3}, 2, {}, {1}); });
}

TEST(LevelsTest, RejectsDifferentNumbersOfLevels) {
  expect_corrupt("2 repetition levels, but 1 definition levels",
                 [] { rows({1, 5}, 2, {1, 1}, {0}); });
}

}  // namespace
}  // namespace lancekeep::lance
