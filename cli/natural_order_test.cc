// SPDX-License-Identifier: Apache-2.0
#include "cli/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lancekeep::cli {
namespace {

TEST(NaturalLess, OrdersByNumbers) {
  EXPECT_TRUE(natural_less("epoch-2.pt", "epoch-10.pt"));
  EXPECT_FALSE(natural_less("epoch-10.pt", "epoch-2.pt"));
  EXPECT_TRUE(natural_less("run-2/epoch-10.pt", "run-10/epoch-2.pt"));
  EXPECT_TRUE(natural_less("step=99-epoch=1", "step=100-epoch=0"));
}

TEST(NaturalLess, OrdersTextAsText) {
  EXPECT_TRUE(natural_less("a", "b"));
  EXPECT_TRUE(natural_less("", "a"));
  EXPECT_TRUE(natural_less("a", "a1"));
  EXPECT_TRUE(natural_less("a1", "aa"));
  EXPECT_FALSE(natural_less("a", "a"));
}

TEST(NaturalLess, ComparesNumbersOfAnyLength) {
  EXPECT_TRUE(natural_less("99999999999999999999998", "99999999999999999999999"));
  EXPECT_TRUE(natural_less("9", "100000000000000000000000000"));
}

TEST(NaturalLess, ComparesLeadingZerosLast) {
  EXPECT_TRUE(natural_less("a02", "a2"));
  EXPECT_FALSE(natural_less("a2", "a02"));
  EXPECT_TRUE(natural_less("a2b", "a02c"));
  EXPECT_TRUE(natural_less("a000", "a1"));
}

TEST(OrderNote, IsOnlyForAlphabeticalOrder) {
  EXPECT_EQ(order_note({"epoch-1.pt", "epoch-10.pt", "epoch-2.pt"}),
            "the files are saved in alphabetical order, `epoch-10.pt` before `epoch-2.pt`; "
            "--natural sorts by the numbers in their names");
  EXPECT_EQ(order_note({"epoch-10.pt", "epoch-1.pt", "epoch-2.pt"}), "");
  EXPECT_EQ(order_note({"epoch-2.pt", "epoch-10.pt"}), "");
}

TEST(OrderNote, IsNotForFilesInTheRightOrder) {
  EXPECT_EQ(order_note({"epoch-01.pt", "epoch-02.pt", "epoch-10.pt"}), "");
  EXPECT_EQ(order_note({"a.pt", "b.pt"}), "");
  EXPECT_EQ(order_note({"a.pt", "a.pt"}), "");
  EXPECT_EQ(order_note({"a.pt"}), "");
}

}  // namespace
}  // namespace lancekeep::cli
