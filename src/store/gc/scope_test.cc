// SPDX-License-Identifier: Apache-2.0
#include "store/gc/scope.h"

#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using namespace std::chrono_literals;

const Time now(std::chrono::nanoseconds(1'800'000'000s));

TEST(GcScope, NeedsABound) {
  EXPECT_THAT([] { check_options({}); },
              io::fails_with(ErrorCode::invalid_argument, "gc needs a bound: "));
  EXPECT_NO_THROW(check_options({.keep_last = 1}));
  EXPECT_NO_THROW(check_options({.older_than = 0ns}));
}

TEST(GcScope, CannotKeepNothing) {
  EXPECT_THAT([] { check_options({.keep_last = 0, .older_than = 1h}); },
              io::fails_with(ErrorCode::invalid_argument, "expected 1 or more"));
}

TEST(GcScope, RefusesNegativeAges) {
  EXPECT_THAT([] { check_options({.older_than = -1ns}); },
              io::fails_with(ErrorCode::invalid_argument, "older_than is negative"));
  EXPECT_THAT([] { check_options({.keep_last = 1, .orphans_older_than = -1ns}); },
              io::fails_with(ErrorCode::invalid_argument, "orphans_older_than is negative"));
}

TEST(GcScope, TheLatestNeverGoes) {
  EXPECT_FALSE(may_go({.newer = 0, .time = now - 1000h}, {.older_than = 0ns}, now));
  EXPECT_TRUE(may_go({.newer = 1, .time = now - 1000h}, {.older_than = 0ns}, now));
}

TEST(GcScope, OneWithATagNeverGoes) {
  EXPECT_FALSE(may_go({.newer = 5, .time = now - 1h, .has_tag = true}, {.keep_last = 1}, now));
  EXPECT_TRUE(may_go({.newer = 5, .time = now - 1h}, {.keep_last = 1}, now));
}

TEST(GcScope, KeepsTheLastSoMany) {
  EXPECT_FALSE(may_go({.newer = 2, .time = now}, {.keep_last = 3}, now));
  EXPECT_TRUE(may_go({.newer = 3, .time = now}, {.keep_last = 3}, now));
}

TEST(GcScope, KeepsWhatIsYounger) {
  EXPECT_FALSE(may_go({.newer = 1, .time = now - 1h + 1ns}, {.older_than = 1h}, now));
  EXPECT_TRUE(may_go({.newer = 1, .time = now - 1h}, {.older_than = 1h}, now));
}

TEST(GcScope, EveryBoundMustLetItGo) {
  const GcOptions options{.keep_last = 2, .older_than = 1h};
  EXPECT_FALSE(may_go({.newer = 1, .time = now - 2h}, options, now));
  EXPECT_FALSE(may_go({.newer = 2, .time = now - 1min}, options, now));
  EXPECT_TRUE(may_go({.newer = 2, .time = now - 2h}, options, now));
}

TEST(GcScope, TakesTheEndsOfTime) {
  EXPECT_TRUE(is_as_old(Time::min(), 1h, now));
  EXPECT_FALSE(is_as_old(Time::max(), 1h, now));
  EXPECT_TRUE(is_as_old(Time::max(), 0ns, now));
  EXPECT_FALSE(is_as_old(now, std::chrono::nanoseconds::max(), now));
}

}  // namespace
}  // namespace lancekeep::store
