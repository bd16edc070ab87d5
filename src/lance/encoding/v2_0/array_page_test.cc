// SPDX-License-Identifier: Apache-2.0
#include "io/testing/error_matcher.h"
#include "lance/encoding/codecs_testing.h"
#include "lance/encoding/v2_0/v2_0_testing.h"

#include <gmock/gmock.h>

namespace lancekeep::lance::v2_0 {
namespace {

using Valid = std::vector<std::uint8_t>;
using Numbers = std::vector<std::uint64_t>;

TestArrayPage integers(const std::string& encoding) {
  return {encoding, {raw<std::uint64_t>({7, 8, 9})}, 3};
}

// "ab", null, "", "cde"
TestArrayPage texts() {
  return {binary(no_nulls(flat(64, 0)), flat(8, 1), 6),
          {raw<std::uint64_t>({2, 2 + 6, 2, 5}), "abcde"},
          4};
}

// [a, b], null, [], [c]; the items are another column.
TestArrayPage lists() {
  return {list(no_nulls(flat(64, 0)), 4, 3), {raw<std::uint64_t>({2, 2 + 4, 2, 3})}, 4};
}

TEST(ArrayPageTest, ReadsFlatValues) {
  EXPECT_EQ(numbers<std::uint64_t>(integers(flat(64, 0)).decode().data), (Numbers{7, 8, 9}));
  EXPECT_TRUE(integers(no_nulls(flat(64, 0))).decode().row_valid.empty());
}

TEST(ArrayPageTest, ReadsBooleans) {
  const TestArrayPage page = {flat(1, 0), {"\x05"}, 3};
  EXPECT_EQ(numbers<std::uint8_t>(page.decode().data), (Valid{1, 0, 1}));
}

TEST(ArrayPageTest, ReadsNullsAndClearsTheirBytes) {
  const TestArrayPage page = {
      some_nulls(flat(1, 0), flat(64, 1)), {"\x05", raw<std::uint64_t>({7, 8, 9})}, 3};
  const Array array = page.decode();
  EXPECT_EQ(array.row_valid, (Valid{1, 0, 1}));
  EXPECT_EQ(numbers<std::uint64_t>(array.data), (Numbers{7, 0, 9}));
}

TEST(ArrayPageTest, ReadsPagesOfNulls) {
  const TestArrayPage page = {all_nulls(), {}, 2};
  EXPECT_EQ(page.decode().row_valid, (Valid{0, 0}));
  EXPECT_FALSE(page.decode().has_type());
}

TEST(ArrayPageTest, ReadsFixedSizeLists) {
  const TestArrayPage page = {
      some_nulls(flat(1, 0), fixed_lists(2, some_nulls(flat(1, 1), flat(8, 2)))),
      {"\x01", "\x0b", "abcd"},
      2};
  const Array array = page.decode();
  EXPECT_EQ(array.item_bits, 16);
  EXPECT_EQ(array.dimension, 2);
  EXPECT_EQ(array.row_valid, (Valid{1, 0}));
  EXPECT_EQ(array.value_valid, (Valid{1, 1, 0, 1}));
  EXPECT_EQ(numbers<char>(array.data), (std::vector<char>{'a', 'b', 0, 0}));
}

TEST(ArrayPageTest, ReadsStrings) {
  const Array array = texts().decode();
  EXPECT_EQ(array.row_valid, (Valid{1, 0, 1, 1}));
  EXPECT_EQ(array.text(0), "ab");
  EXPECT_EQ(array.text(2), "");
  EXPECT_EQ(array.text(3), "cde");
}

TEST(ArrayPageTest, ReadsCompressedStrings) {
  const TestArrayPage page = {
      binary(flat(64, 0), flat(8, 1, "zstd"), 7), {raw<std::uint64_t>({6}), zstd("tensor")}, 1};
  EXPECT_EQ(page.decode().text(0), "tensor");
}

TEST(ArrayPageTest, ReadsFsst) {
  const TestArrayPage page = {fsst_of(binary(flat(64, 0), flat(8, 1), 3), symbol_table({"layer"})),
                              {raw<std::uint64_t>({2, 2 + 3}), std::string("\0\0", 2)},
                              2};
  EXPECT_EQ(page.decode().text(0), "layerlayer");
  EXPECT_TRUE(page.decode().is_null(1));
}

TEST(ArrayPageTest, ADictionaryOfThePageCountsFromOneAndZeroIsNull) {
  const TestArrayPage page = {dictionary(flat(8, 0), flat(64, 1), 2),
                              {std::string("\2\0\1", 3), raw<std::uint64_t>({5, 6})},
                              3};
  const Array array = page.decode();
  EXPECT_EQ(numbers<std::uint64_t>(array.data), (Numbers{6, 0, 5}));
  EXPECT_EQ(array.row_valid, (Valid{1, 0, 1}));
}

TEST(ArrayPageTest, ADictionaryOfTheSchemaCountsFromZeroAndHasTheNulls) {
  const TestArrayPage page = {dictionary(flat(8, 0), binary(flat(64, 1), flat(8, 2), 2), 2),
                              {std::string("\1\0", 2), raw<std::uint64_t>({1, 1 + 2}), "a"},
                              2,
                              ValueKind::dictionary};
  EXPECT_EQ(page.decode().text(1), "a");
  EXPECT_EQ(page.decode().row_valid, (Valid{0, 1}));
}

TEST(ArrayPageTest, ReadsPackedStructs) {
  const TestArrayPage page = {
      message(9, message(1, no_nulls(flat(8, 0))) + message(1, fixed_lists(2, flat(8, 0)))),
      {"abcdef"},
      2};
  EXPECT_EQ(page.decode().item_bits, 24);
  EXPECT_EQ(page.decode().items, 2);
}

TEST(ArrayPageTest, EmptyBlobsAtAPositionAreNull) {
  const TestArrayPage page = {message(9, message(1, flat(64, 0)) + message(1, flat(64, 0))),
                              {raw<std::uint64_t>({64, 3, 1, 0, 0, 0})},
                              3,
                              ValueKind::blob};
  EXPECT_EQ(page.decode().row_valid, (Valid{1, 0, 1}));
}

TEST(ArrayPageTest, ReadsListsWithoutTheirItems) {
  const Array array = lists().decode();
  EXPECT_TRUE(array.is_list);
  EXPECT_EQ(array.list_offsets, (Numbers{0, 2, 2, 2, 3}));
  EXPECT_EQ(array.row_valid, (Valid{1, 0, 1, 1}));
}

TEST(ArrayPageTest, DecodesIntoTheCallersMemory) {
  const TestArrayPage page = integers(flat(64, 0));
  Numbers values(3);
  (void)v2_0::decode_page_into(view(page.file()), page.page(), 3,
                               std::as_writable_bytes(std::span(values)));
  EXPECT_EQ(values, (Numbers{7, 8, 9}));
}

TEST(ArrayPageTest, RejectsAPageOfAnotherFormat) {
  Page page = integers(flat(64, 0)).page();
  page.type_url = "/lance.encodings21.PageLayout";
  expect_unsupported("expected /lance.encodings.ArrayEncoding",
                     [&] { (void)decode_page_encoding(page); });
}

TEST(ArrayPageTest, RejectsTruncatedValues) {
  TestArrayPage page = integers(flat(64, 0));
  page.buffers[0].pop_back();
  expect_corrupt("fixed-width values needs 24 bytes, but only 23", [&] { (void)page.decode(); });
  expect_corrupt("a page of 3 items of 8 bytes has 23 bytes",
                 [&] { (void)v2_0::inspect_page(view(page.file()), page.page(), 10); });
}

TEST(ArrayPageTest, RejectsMoreNullsThanAllowed) {
  const TestArrayPage page = {all_nulls(), {}, std::uint64_t{1} << 60};
  expect_corrupt("expected at most 100", [&] { (void)page.decode(100); });
}

TEST(ArrayPageTest, RejectsMoreNullsInListsThanBytesAllow) {
  const TestArrayPage page = {fixed_lists(std::uint64_t{1} << 40, all_nulls()), {}, 100};
  expect_corrupt("rows or items, expected at most", [&] { (void)page.decode(100); });
}

TEST(ArrayPageTest, RejectsListsWhoseSizeWraps) {
  const TestArrayPage page = {fixed_lists(std::uint64_t{1} << 62, flat(8, 0)), {"a"}, 8};
  expect_corrupt("fixed-size lists have", [&] { (void)page.decode(); });
}

TEST(ArrayPageTest, RejectsListsWithoutItems) {
  const TestArrayPage page = {fixed_lists(0, flat(64, 0)), {""}, 0};
  expect_corrupt("0 fixed-size lists have 0 items each", [&] { (void)page.decode(); });
  expect_unsupported("fixed-size list 0(flat 64)",
                     [&] { (void)v2_0::inspect_page(view(page.file()), page.page(), 10); });
}

TEST(ArrayPageTest, RejectsListsOfNoRowsWhoseDimensionWraps) {
  const std::uint64_t half = std::uint64_t{1} << 32;
  const TestArrayPage page = {fixed_lists(half, fixed_lists(half, all_nulls())), {}, 0};
  expect_unsupported("fixed-size list 4294967296(", [&] { (void)page.decode(); });
}

TEST(ArrayPageTest, RejectsDescendingOffsets) {
  TestArrayPage page = texts();
  page.buffers[0] = raw<std::uint64_t>({2, 1, 2, 5});
  expect_corrupt("offset 1 of a page is 1, expected 2 to 5", [&] { (void)page.decode(); });
}

TEST(ArrayPageTest, RejectsOffsetsBeyondTheBytes) {
  TestArrayPage page = texts();
  page.buffers[1] = "abcd";
  expect_corrupt("is 5, expected 2 to 4", [&] { (void)page.decode(); });
}

TEST(ArrayPageTest, RejectsAnIndexBeyondTheDictionary) {
  const TestArrayPage page = {
      dictionary(flat(8, 0), flat(64, 1), 1), {"\2", raw<std::uint64_t>({5})}, 1};
  expect_corrupt("entry 1 of a dictionary of 1", [&] { (void)page.decode(); });
}

TEST(ArrayPageTest, RejectsDictionariesOfDictionaries) {
  const std::string inner = dictionary(flat(8, 0), flat(64, 1), 1);
  const std::vector<std::string> buffers = {"\1", raw<std::uint64_t>({5})};
  EXPECT_EQ((TestArrayPage{inner, buffers, 1}.decode().items), 1);
  for (const std::string& encoding :
       {dictionary(flat(8, 0), inner, 1), dictionary(no_nulls(inner), flat(64, 1), 1)}) {
    expect_unsupported("encoded as dictionary(",
                       [&] { (void)TestArrayPage{encoding, buffers, 1}.decode(); });
  }
}

TEST(ArrayPageTest, RejectsANullListThatHasItems) {
  TestArrayPage page = lists();
  page.buffers[0] = raw<std::uint64_t>({2, 3 + 4, 3, 3});
  expect_corrupt("a null list has items", [&] { (void)page.decode(); });
}

TEST(ArrayPageTest, RejectsListsThatEndBeforeTheirItems) {
  TestArrayPage page = lists();
  page.buffers[0] = raw<std::uint64_t>({2, 2, 2, 2});
  expect_corrupt("lists have 2 items, but the page declares 3", [&] { (void)page.decode(); });
}

TEST(ArrayPageTest, RejectsAMissingBuffer) {
  expect_corrupt("a page has 1 buffers", [] { (void)integers(flat(64, 1)).decode(); });
}

TEST(ArrayPageTest, RejectsValidityThatIsNotABitmap) {
  expect_unsupported("flat 8 (encoding 1 of format 2.0)",
                     [] { (void)integers(some_nulls(flat(8, 0), flat(64, 0))).decode(); });
}

TEST(ArrayPageTest, RejectsStructsAndBitPacking) {
  expect_unsupported("struct (encoding 5", [] { (void)integers(message(5, "")).decode(); });
  expect_unsupported("bitpacked (encoding 10", [] { (void)integers(message(10, "")).decode(); });
}

TEST(ArrayPageTest, SurvivesDamage) {
  int rejected = 0;
  for (const TestArrayPage& whole : {texts(), lists(), integers(flat(64, 0))}) {
    for (std::size_t bit = 0; bit < whole.encoding.size() * 8; ++bit) {
      TestArrayPage page = whole;
      page.encoding[bit / 8] = static_cast<char>(page.encoding[bit / 8] ^ (1 << (bit % 8)));
      try {
        (void)page.decode(1000);
      } catch (const Error&) {
        ++rejected;
      }
    }
  }
  EXPECT_GT(rejected, 100);
}

Page page(const std::string& encoding) {
  Page result;
  result.type_url = "/lance.encodings.ArrayEncoding";
  result.encoding = view(encoding);
  return result;
}

void expect_decodable(const std::string& encoding) {
  EXPECT_NO_THROW(v2_0::require_decodable(page(encoding)));
}

void expect_undecodable(const std::string& encoding, const char* part) {
  EXPECT_THAT([&] { v2_0::require_decodable(page(encoding)); },
              io::fails_with(ErrorCode::unsupported, part));
}

std::string strings_encoding() { return binary(no_nulls(flat(64, 0)), no_nulls(flat(8, 1)), 7); }

TEST(RequireDecodableArray, AcceptsWhatWritersWrite) {
  for (const std::string& encoding :
       {no_nulls(flat(64, 0)), no_nulls(flat(64, 0, "zstd")), all_nulls(),
        some_nulls(flat(1, 0), flat(64, 1)), no_nulls(fixed_lists(3, no_nulls(flat(32, 0)))),
        some_nulls(flat(1, 0), fixed_lists(3, some_nulls(flat(1, 1), flat(32, 2)))),
        strings_encoding(), list(no_nulls(flat(64, 0)), 5, 4),
        dictionary(no_nulls(flat(8, 0)), strings_encoding(), 2), fsst_of(strings_encoding(), ""),
        message(5, "")}) {
    expect_decodable(encoding);
  }
}

TEST(RequireDecodableArray, RejectsOtherEncodings) {
  expect_undecodable(message(10, ""), "encoding 10 of format 2.0");
  expect_undecodable(message(13, ""), "encoding 13 of format 2.0");
  expect_undecodable(message(42, ""), "encoding 42");
  expect_undecodable(no_nulls(flat(12, 0)), "flat 12");
  expect_undecodable(fixed_lists(3, strings_encoding()), "fixed-size list 3");
  expect_undecodable(fixed_lists(2, some_nulls(flat(1, 0), fixed_lists(3, no_nulls(flat(32, 1))))),
                     "fixed-size list 2");
  expect_undecodable(fsst_of(flat(64, 0), ""), "flat 64");
}

TEST(RequireDecodableArray, RejectsPagesOfAnotherFormat) {
  Page other = page(flat(64, 0));
  other.type_url = "/lance.encodings21.PageLayout";
  EXPECT_THAT([&] { v2_0::require_decodable(other); },
              io::fails_with(ErrorCode::unsupported, "PageLayout"));
  EXPECT_EQ(v2_0::describe_encoding(other), "?");
  EXPECT_EQ(v2_0::describe_encoding(page(strings_encoding())), "binary(flat 64, flat 8)");
}

}  // namespace

}  // namespace lancekeep::lance::v2_0
