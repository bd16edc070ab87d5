// SPDX-License-Identifier: Apache-2.0
#include "store/gc/retention.h"

#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using namespace std::chrono_literals;

const Time now(std::chrono::nanoseconds(1'800'000'000s));

TEST(Retention, NeedsABound) {
  EXPECT_THAT([] { check_options({}); },
              io::fails_with(ErrorCode::invalid_argument, "gc needs a bound: "));
  EXPECT_NO_THROW(check_options({.keep_last = 1}));
  EXPECT_NO_THROW(check_options({.older_than = 0ns}));
}

TEST(Retention, CannotKeepZeroVersions) {
  EXPECT_THAT([] { check_options({.keep_last = 0, .older_than = 1h}); },
              io::fails_with(ErrorCode::invalid_argument, "expected 1 or more"));
}

TEST(Retention, RejectsNegativeAges) {
  EXPECT_THAT([] { check_options({.older_than = -1ns}); },
              io::fails_with(ErrorCode::invalid_argument, "older_than is negative"));
  EXPECT_THAT([] { check_options({.keep_last = 1, .orphans_older_than = -1ns}); },
              io::fails_with(ErrorCode::invalid_argument, "orphans_older_than is negative"));
}

TEST(Retention, TheLatestIsAlwaysKept) {
  EXPECT_FALSE(is_expired({.newer = 0, .time = now - 1000h}, {.older_than = 0ns}, now));
  EXPECT_TRUE(is_expired({.newer = 1, .time = now - 1000h}, {.older_than = 0ns}, now));
}

TEST(Retention, ATaggedVersionIsAlwaysKept) {
  EXPECT_FALSE(is_expired({.newer = 5, .time = now - 1h, .has_tag = true}, {.keep_last = 1}, now));
  EXPECT_TRUE(is_expired({.newer = 5, .time = now - 1h}, {.keep_last = 1}, now));
}

TEST(Retention, KeepsTheLastN) {
  EXPECT_FALSE(is_expired({.newer = 2, .time = now}, {.keep_last = 3}, now));
  EXPECT_TRUE(is_expired({.newer = 3, .time = now}, {.keep_last = 3}, now));
}

TEST(Retention, KeepsYoungerVersions) {
  EXPECT_FALSE(is_expired({.newer = 1, .time = now - 1h + 1ns}, {.older_than = 1h}, now));
  EXPECT_TRUE(is_expired({.newer = 1, .time = now - 1h}, {.older_than = 1h}, now));
}

TEST(Retention, RemovesOnlyWhatEveryBoundAllows) {
  const GcOptions options{.keep_last = 2, .older_than = 1h};
  EXPECT_FALSE(is_expired({.newer = 1, .time = now - 2h}, options, now));
  EXPECT_FALSE(is_expired({.newer = 2, .time = now - 1min}, options, now));
  EXPECT_TRUE(is_expired({.newer = 2, .time = now - 2h}, options, now));
}

TEST(Retention, AcceptsExtremeTimes) {
  EXPECT_TRUE(is_at_least(Time::min(), 1h, now));
  EXPECT_FALSE(is_at_least(Time::max(), 1h, now));
  EXPECT_TRUE(is_at_least(Time::max(), 0ns, now));
  EXPECT_FALSE(is_at_least(now, std::chrono::nanoseconds::max(), now));
}

}  // namespace
}  // namespace lancekeep::store
