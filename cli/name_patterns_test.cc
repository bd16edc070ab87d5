// SPDX-License-Identifier: Apache-2.0
#include "cli/name_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NamePatterns, WithoutAnyEveryNameFits) {
  NamePatterns patterns({});
  EXPECT_TRUE(patterns.takes("w"));
  EXPECT_THAT(patterns.unused(), IsEmpty());
}

TEST(NamePatterns, FitsNamesAndPatterns) {
  NamePatterns patterns({"head.weight", "layer.?.*"});
  EXPECT_TRUE(patterns.takes("head.weight"));
  EXPECT_TRUE(patterns.takes("layer.1.bias"));
  EXPECT_FALSE(patterns.takes("layer.10.bias"));
  EXPECT_FALSE(patterns.takes("head"));
}

TEST(NamePatterns, ANameMayLookLikeAPattern) { EXPECT_TRUE(NamePatterns({"a[0]"}).takes("a[0]")); }

TEST(NamePatterns, TellsWhichFittedNothing) {
  NamePatterns patterns({"a", "b*", "c"});
  (void)patterns.takes("bias");
  EXPECT_THAT(patterns.unused(), ElementsAre("a", "c"));
}

}  // namespace
}  // namespace lancekeep::cli
