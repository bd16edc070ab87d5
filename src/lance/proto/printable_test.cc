// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/printable.h"

#include <gtest/gtest.h>

namespace lancekeep::lance {
namespace {

TEST(Printable, LeavesTextAsItIs) { EXPECT_EQ(printable("layer.0 \"ä\""), "layer.0 \"ä\""); }

TEST(Printable, ShowsControlCharactersAsNumbers) {
  EXPECT_EQ(printable(std::string_view("a\0\n\x1b\x7f", 5)), "a\\x00\\x0a\\x1b\\x7f");
}

TEST(Printable, CutsWhatNobodyWouldRead) {
  EXPECT_EQ(printable(std::string(201, 'x')), std::string(200, 'x') + "…");
}

}  // namespace
}  // namespace lancekeep::lance
