// SPDX-License-Identifier: Apache-2.0
#include "io/utf8.h"

#include <gtest/gtest.h>

namespace lancekeep::io {
namespace {

TEST(Utf8, TextOfEveryLengthIsFine) {
  EXPECT_EQ(utf8_error(""), std::nullopt);
  EXPECT_EQ(utf8_error("layer.0.weight"), std::nullopt);
  EXPECT_EQ(utf8_error("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"), std::nullopt);
}

TEST(Utf8, SaysWhereTheFirstBadByteIs) { EXPECT_EQ(utf8_error("ab\xFF"), 2u); }

TEST(Utf8, ATruncatedCharacterIsRefused) {
  EXPECT_EQ(utf8_error("a\xE2\x82"), 1u);
  EXPECT_EQ(utf8_error("\xC3"), 0u);
}

TEST(Utf8, AContinuationAloneIsRefused) { EXPECT_EQ(utf8_error("\x80"), 0u); }

TEST(Utf8, OverlongFormsAreRefused) {
  EXPECT_EQ(utf8_error("\xC0\xAF"), 0u);
  EXPECT_EQ(utf8_error("\xE0\x80\xAF"), 0u);
  EXPECT_EQ(utf8_error("\xF0\x80\x80\xAF"), 0u);
}

TEST(Utf8, SurrogatesAreRefused) { EXPECT_EQ(utf8_error("\xED\xA0\x80"), 0u); }

TEST(Utf8, BeyondTheLastCodePointIsRefused) {
  EXPECT_EQ(utf8_error("\xF4\x8F\xBF\xBF"), std::nullopt);
  EXPECT_EQ(utf8_error("\xF4\x90\x80\x80"), 0u);
}

}  // namespace
}  // namespace lancekeep::io
