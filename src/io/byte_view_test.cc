// SPDX-License-Identifier: Apache-2.0
#include "io/byte_view.h"

#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace lancekeep::io {
namespace {

TEST(ByteView, DefaultIsEmptyAndNameless) {
  const ByteView view;
  EXPECT_TRUE(view.empty());
  EXPECT_EQ(view.file(), "");
  EXPECT_EQ(view.text(), "");
}

TEST(ByteView, SubKeepsOwnerFileAndOffset) {
  ByteView part;
  {
    const ByteView whole = ByteView::of("0123456789", "f");
    part = whole.sub(2, 6, "part").sub(1, 3, "piece");
  }
  EXPECT_EQ(part.text(), "345");
  EXPECT_EQ(part.base(), 3u);
  EXPECT_EQ(part.file(), "f");
  EXPECT_NE(part.owner(), nullptr);
}

TEST(ByteView, ReleasesItsOwnerWithTheLastCopy) {
  auto owner = std::make_shared<const std::string>("abc");
  const std::weak_ptr<const std::string> watch = owner;
  ByteView view(std::as_bytes(std::span(owner->data(), owner->size())), owner, "f");
  owner.reset();
  const ByteView part = view.sub(1, 1, "part");
  view = ByteView();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(part.text(), "b");
}

TEST(ByteView, SubAtTheEndMayBeEmpty) {
  EXPECT_TRUE(ByteView::of("abc", "f").sub(3, 0, "nothing").empty());
}

TEST(ByteView, SubRejectsMoreThanRemains) {
  const ByteView view = ByteView::of("0123456789", "f").sub(2, 8, "part");
  EXPECT_THAT(
      [&] { (void)view.sub(3, 6, "name"); },
      fails_with(ErrorCode::corrupt, "f: at byte 5: name needs 6 bytes, but only 5 remain"));
}

TEST(ByteView, SubRejectsAStartAfterTheEnd) {
  const ByteView view = ByteView::of("abc", "f");
  EXPECT_THAT(
      [&] { (void)view.sub(4, 0, "name"); },
      fails_with(ErrorCode::corrupt, "name would start at byte 4 of a range that has only 3"));
}

TEST(ByteView, SubRejectsNumbersThatWouldWrap) {
  const ByteView view = ByteView::of("abc", "f");
  EXPECT_THAT([&] { (void)view.sub(1, UINT64_MAX, "name"); },
              fails_with(ErrorCode::corrupt, "only 2 remain"));
  EXPECT_THAT([&] { (void)view.sub(UINT64_MAX, 2, "name"); },
              fails_with(ErrorCode::corrupt, "would start at byte 18446744073709551615"));
}

TEST(ByteView, FailNamesThePlaceInTheFile) {
  const ByteView view = ByteView::of("0123456789", "f").sub(4, 2, "part");
  EXPECT_THAT([&] { view.fail("odd", 1); }, fails_with(ErrorCode::corrupt, "f: at byte 5: odd"));
  EXPECT_THAT([&] { view.fail(ErrorCode::unsupported, "new", 0); },
              fails_with(ErrorCode::unsupported, "f: at byte 4: new"));
  EXPECT_THAT([&] { view.fail("odd", UINT64_MAX); }, fails_with(ErrorCode::corrupt, "f: odd"));
}

TEST(ByteReader, ReadsLittleEndianNumbersAtAnyAlignment) {
  using std::string_literals::operator""s;
  ByteReader reader(
      ByteView::of("\xff\x01\x02\x01\x02\x03\x04\x01\x02\x03\x04\x05\x06\x07\x88"
                   "\xfe\xff\xff\xff\xff\xff\xff\xff"s,
                   "f"));
  EXPECT_EQ(reader.u8("a"), 0xff);
  EXPECT_EQ(reader.u16("b"), 0x0201);
  EXPECT_EQ(reader.u32("c"), 0x04030201u);
  EXPECT_EQ(reader.u64("d"), 0x8807060504030201u);
  EXPECT_EQ(reader.i64("e"), -2);
  EXPECT_EQ(reader.remaining(), 0u);
}

// Every number type, from a range that is one byte too short for it.
TEST(ByteReader, RejectsNumbersThatAreCutOff) {
  const auto reader_of = [](std::size_t bytes) {
    return ByteReader(ByteView::of(std::string(bytes, 'x'), "f"));
  };
  EXPECT_THAT([&] { reader_of(0).u8("count"); },
              fails_with(ErrorCode::corrupt, "count needs 1 bytes, but only 0 remain"));
  EXPECT_THAT([&] { reader_of(1).u16("count"); },
              fails_with(ErrorCode::corrupt, "count needs 2 bytes, but only 1 remain"));
  EXPECT_THAT([&] { reader_of(3).u32("count"); },
              fails_with(ErrorCode::corrupt, "count needs 4 bytes, but only 3 remain"));
  EXPECT_THAT([&] { reader_of(7).u64("count"); },
              fails_with(ErrorCode::corrupt, "count needs 8 bytes, but only 7 remain"));
  EXPECT_THAT([&] { reader_of(7).i64("count"); },
              fails_with(ErrorCode::corrupt, "count needs 8 bytes, but only 7 remain"));
}

TEST(ByteReader, StaysWhereItIsAfterAFailedRead) {
  ByteReader reader(ByteView::of("abc", "f"));
  reader.skip(1, "first");
  EXPECT_THAT([&] { reader.u32("count"); }, fails_with(ErrorCode::corrupt, "at byte 1"));
  EXPECT_THAT([&] { (void)reader.take(3, "rest"); }, fails_with(ErrorCode::corrupt, "at byte 1"));
  EXPECT_EQ(reader.take(2, "rest").text(), "bc");
}

TEST(ByteReader, AlignsToItsOwnPositions) {
  ByteReader reader(ByteView::of(std::string(20, 'x'), "f").sub(3, 17, "part"));
  reader.align(8, "padding");
  EXPECT_EQ(reader.position(), 0u);
  reader.skip(1, "first");
  reader.align(8, "padding");
  EXPECT_EQ(reader.position(), 8u);
  reader.skip(9, "rest");
  EXPECT_THAT([&] { reader.align(8, "padding"); },
              fails_with(ErrorCode::corrupt, "padding needs 7 bytes, but only 0 remain"));
}

TEST(ByteReader, FailNamesItsPosition) {
  ByteReader reader(ByteView::of("abc", "f"));
  reader.skip(2, "start");
  EXPECT_THAT([&] { reader.fail("odd"); }, fails_with(ErrorCode::corrupt, "f: at byte 2: odd"));
}

}  // namespace
}  // namespace lancekeep::io
