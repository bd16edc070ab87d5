// SPDX-License-Identifier: Apache-2.0
#include "cli/name_patterns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NamePatterns, WithoutPatternsEveryNameMatches) {
  NamePatterns patterns({});
  EXPECT_TRUE(patterns.match("w"));
  EXPECT_THAT(patterns.unused(), IsEmpty());
}

TEST(NamePatterns, MatchesNamesAndPatterns) {
  NamePatterns patterns({"head.weight", "layer.?.*"});
  EXPECT_TRUE(patterns.match("head.weight"));
  EXPECT_TRUE(patterns.match("layer.1.bias"));
  EXPECT_FALSE(patterns.match("layer.10.bias"));
  EXPECT_FALSE(patterns.match("head"));
}

TEST(NamePatterns, ANameMayLookLikeAPattern) { EXPECT_TRUE(NamePatterns({"a[0]"}).match("a[0]")); }

TEST(NamePatterns, ReportsPatternsThatMatchedNothing) {
  NamePatterns patterns({"a", "b*", "c"});
  (void)patterns.match("bias");
  EXPECT_THAT(patterns.unused(), ElementsAre("a", "c"));
}

}  // namespace
}  // namespace lancekeep::cli
