// SPDX-License-Identifier: Apache-2.0
#include "io/utf8.h"

#include <gtest/gtest.h>

namespace lancekeep::io {
namespace {

TEST(Utf8, AcceptsCharactersOfEveryLength) {
  EXPECT_EQ(utf8_error(""), std::nullopt);
  EXPECT_EQ(utf8_error("layer.0.weight"), std::nullopt);
  EXPECT_EQ(utf8_error("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"), std::nullopt);
}

TEST(Utf8, SaysWhereTheFirstBadByteIs) { EXPECT_EQ(utf8_error("ab\xFF"), 2u); }

TEST(Utf8, ATruncatedCharacterIsRejected) {
  EXPECT_EQ(utf8_error("a\xE2\x82"), 1u);
  EXPECT_EQ(utf8_error("\xC3"), 0u);
}

TEST(Utf8, AContinuationAloneIsRejected) { EXPECT_EQ(utf8_error("\x80"), 0u); }

TEST(Utf8, OverlongFormsAreRejected) {
  EXPECT_EQ(utf8_error("\xC0\xAF"), 0u);
  EXPECT_EQ(utf8_error("\xE0\x80\xAF"), 0u);
  EXPECT_EQ(utf8_error("\xF0\x80\x80\xAF"), 0u);
}

TEST(Utf8, SurrogatesAreRejected) { EXPECT_EQ(utf8_error("\xED\xA0\x80"), 0u); }

TEST(Utf8, BeyondTheLastCodePointIsRejected) {
  EXPECT_EQ(utf8_error("\xF4\x8F\xBF\xBF"), std::nullopt);
  EXPECT_EQ(utf8_error("\xF4\x90\x80\x80"), 0u);
}

TEST(Printable, PlainTextStaysAsItIs) {
  EXPECT_EQ(printable("layer.0 \xC3\xA4"), "layer.0 \xC3\xA4");
}

TEST(Printable, ControlCharactersAreEscaped) {
  EXPECT_EQ(printable(std::string("a\0b\n\x1b\x7f", 6)), "a\\x00b\\x0a\\x1b\\x7f");
}

TEST(Printable, BytesThatAreNotUtf8AreEscaped) { EXPECT_EQ(printable("\xff\x01g"), "\\xff\\x01g"); }

TEST(Printable, OnlyTheStartOfALongTextIsKept) {
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(160, 'x') + "...");
}

TEST(Printable, ALongTextIsNotCutWithinACharacter) {
  EXPECT_EQ(printable(std::string(159, 'x') + "\xC3\xA4"), std::string(159, 'x') + "...");
}

}  // namespace
}  // namespace lancekeep::io
