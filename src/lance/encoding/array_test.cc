// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/array.h"

#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

using Valid = std::vector<std::uint8_t>;
using Offsets = std::vector<std::uint64_t>;

std::vector<std::byte> bytes(const std::string& text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

Array integers(const std::vector<std::uint64_t>& values, Valid valid = {}) {
  Array array;
  array.rows = array.items = values.size();
  array.item_bits = 64;
  array.row_valid = std::move(valid);
  array.data = bytes(raw(values));
  return array;
}

Array texts(const std::vector<std::string>& values, Valid valid = {}) {
  Array array;
  set_type(array, 0);
  for (const std::string& value : values) {
    for (const char c : value) array.data.push_back(static_cast<std::byte>(c));
    array.offsets.push_back(array.data.size());
  }
  array.rows = array.items = values.size();
  array.row_valid = std::move(valid);
  return array;
}

Array nulls(std::uint64_t count) {
  Array array;
  array.rows = array.items = count;
  array.row_valid.assign(count, 0);
  return array;
}

Array joined(Array first, Array second) {
  append_array(first, std::move(second), view(""));
  return first;
}

TEST(ArrayTest, AppendsFixedWidthPages) {
  const Array array = joined(integers({1, 2}), integers({3}));
  EXPECT_EQ(array.rows, 3);
  EXPECT_EQ(numbers<std::uint64_t>(array.data), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_TRUE(array.row_valid.empty());
}

TEST(ArrayTest, AppendsStrings) {
  const Array array = joined(texts({"a", "bc"}), texts({"", "def"}));
  EXPECT_EQ(array.offsets, (Offsets{0, 1, 3, 3, 6}));
  EXPECT_EQ(array.text(3), "def");
}

TEST(ArrayTest, AppendsNullsToAPageWithout) {
  EXPECT_EQ(joined(integers({1}), integers({0, 3}, {0, 1})).row_valid, (Valid{1, 0, 1}));
}

TEST(ArrayTest, AppendsAPageWithoutNullsToOneWith) {
  EXPECT_EQ(joined(integers({0, 3}, {0, 1}), integers({1})).row_valid, (Valid{0, 1, 1}));
}

TEST(ArrayTest, AppendsAPageWithoutNullsToAnEmptyArray) {
  EXPECT_TRUE(joined(Array{}, integers({1})).row_valid.empty());
}

TEST(ArrayTest, AppendsLists) {
  Array first = integers({1, 2, 3});
  first.is_list = true;
  first.rows = 2;
  first.list_offsets = {0, 1, 3};
  Array second = integers({4});
  second.is_list = true;
  second.rows = 2;
  second.list_offsets = {0, 0, 1};
  second.row_valid = {0, 1};
  second.item_valid = {0};
  const Array array = joined(std::move(first), std::move(second));
  EXPECT_EQ(array.list_offsets, (Offsets{0, 1, 3, 3, 4}));
  EXPECT_EQ(array.row_valid, (Valid{1, 1, 0, 1}));
  EXPECT_EQ(array.item_valid, (Valid{1, 1, 1, 0}));
  EXPECT_EQ(array.rows, 4);
  EXPECT_EQ(array.items, 4);
}

TEST(ArrayTest, GivesNullsTheTypeOfTheNextPage) {
  const Array array = joined(nulls(2), integers({5}));
  EXPECT_EQ(array.item_bits, 64);
  EXPECT_EQ(numbers<std::uint64_t>(array.data), (std::vector<std::uint64_t>{0, 0, 5}));
  EXPECT_EQ(array.row_valid, (Valid{0, 0, 1}));
}

TEST(ArrayTest, GivesNullsTheTypeOfThePreviousPage) {
  const Array array = joined(texts({"a"}), nulls(2));
  EXPECT_EQ(array.offsets, (Offsets{0, 1, 1, 1}));
  EXPECT_EQ(array.row_valid, (Valid{1, 0, 0}));
}

TEST(ArrayTest, HasNoTypeIfAllItemsAreNull) {
  const Array array = joined(nulls(2), nulls(1));
  EXPECT_FALSE(array.has_type());
  EXPECT_EQ(array.row_valid, (Valid{0, 0, 0}));
}

TEST(ArrayTest, ZeroesNullIntegers) {
  Array array = integers({1, 2, 3}, {1, 0, 1});
  clear_nulls(array);
  EXPECT_EQ(numbers<std::uint64_t>(array.data), (std::vector<std::uint64_t>{1, 0, 3}));
}

TEST(ArrayTest, EmptiesNullStrings) {
  Array array = texts({"one", "hidden", "three", "too"}, {1, 0, 1, 0});
  clear_nulls(array);
  EXPECT_EQ(array.offsets, (Offsets{0, 3, 3, 8, 8}));
  EXPECT_EQ(array.text(2), "three");
  EXPECT_EQ(array.data.size(), 8);
}

TEST(ArrayTest, RejectsPagesOfDifferentWidths) {
  Array narrow = integers({1});
  narrow.item_bits = 32;
  expect_corrupt("a page has values of 32 bits, expected values of 64 bits",
                 [&] { joined(integers({1}), std::move(narrow)); });
}

TEST(ArrayTest, RejectsStringsAmongIntegers) {
  expect_corrupt("a page has values of variable width, expected values of 64 bits",
                 [] { joined(integers({1}), texts({"a"})); });
}

// Null lists of `dimension` values, which are null too.
Array null_lists(std::uint64_t count, std::uint64_t dimension) {
  Array array = nulls(count);
  array.dimension = dimension;
  array.value_valid.assign(count * dimension, 0);
  return array;
}

Array pairs(const std::vector<std::uint64_t>& values) {
  Array array = integers(values);
  array.rows = array.items = values.size() / 2;
  array.item_bits = 128;
  array.dimension = 2;
  return array;
}

TEST(ArrayTest, GivesNullsTheDimensionOfTheOtherPages) {
  for (const Array& array : {joined(nulls(2), pairs({5, 6})), joined(pairs({5, 6}), nulls(2)),
                             joined(nulls(1), joined(null_lists(1, 2), pairs({5, 6}))),
                             joined(pairs({}), joined(nulls(2), pairs({5, 6})))}) {
    EXPECT_EQ(array.dimension, 2);
    EXPECT_EQ(array.item_bits, 128);
    EXPECT_EQ(array.items, 3);
    EXPECT_THAT(array.value_valid, testing::AnyOf(testing::IsEmpty(), testing::SizeIs(6)));
  }
}

TEST(ArrayTest, KeepsTheDimensionOfTheSchemaIfAllItemsAreNull) {
  EXPECT_EQ(joined(pairs({}), nulls(2)).dimension, 2);
}

TEST(ArrayTest, RejectsNullsOfAnotherDimension) {
  const std::string what = "fixed-size lists of";
  expect_corrupt(what, [] { joined(pairs({5, 6}), null_lists(1, 3)); });
  expect_corrupt(what, [] { joined(null_lists(1, 3), pairs({5, 6})); });
  expect_corrupt(what, [] { joined(null_lists(1, 3), null_lists(1, 2)); });
  expect_corrupt(what, [] { joined(pairs({}), null_lists(1, 3)); });
}

TEST(ArrayTest, RejectsListsAmongPlainRows) {
  Array list = integers({1});
  list.is_list = true;
  list.list_offsets = {0, 1};
  expect_corrupt("pages of lists and pages without lists",
                 [&] { joined(integers({1}), std::move(list)); });
}

}  // namespace
}  // namespace lancekeep::lance
