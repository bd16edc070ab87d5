// SPDX-License-Identifier: Apache-2.0
#include "io/printable.h"

#include <gtest/gtest.h>

namespace lancekeep::io {
namespace {

TEST(Printable, PlainTextStaysAsItIs) {
  EXPECT_EQ(printable("layer.0 \xC3\xA4"), "layer.0 \xC3\xA4");
}

TEST(Printable, ControlCharactersAreEscaped) {
  EXPECT_EQ(printable(std::string("a\0b\n\x1b\x7f", 6)), "a\\x00b\\x0a\\x1b\\x7f");
}

TEST(Printable, WhatIsNoUtf8IsEscaped) { EXPECT_EQ(printable("\xff\x01g"), "\\xff\\x01g"); }

TEST(Printable, OfALongTextTheStartIsKept) {
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(160, 'x') + "...");
}

TEST(Printable, ALongTextIsNotCutWithinACharacter) {
  EXPECT_EQ(printable(std::string(159, 'x') + "\xC3\xA4"), std::string(159, 'x') + "...");
}

}  // namespace
}  // namespace lancekeep::io
