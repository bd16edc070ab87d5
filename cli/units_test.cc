// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace lancekeep::cli {
namespace {

using namespace std::chrono_literals;

TEST(HumanBytes, PicksTheUnit) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1000), "1.0 kB");
  EXPECT_EQ(human_bytes(18'812'345), "18.8 MB");
  EXPECT_EQ(human_bytes(123'400'000'000), "123 GB");
  EXPECT_EQ(human_bytes(std::numeric_limits<std::uint64_t>::max()), "18.4 EB");
}

TEST(HumanBytes, NeverRoundsUpToAThousand) {
  EXPECT_EQ(human_bytes(99'960), "100 kB");
  EXPECT_EQ(human_bytes(999'499), "999 kB");
  EXPECT_EQ(human_bytes(999'500), "1.0 MB");
}

TEST(HumanDuration, PicksTheUnit) {
  EXPECT_EQ(human_duration(41ms), "41 ms");
  EXPECT_EQ(human_duration(1300ms), "1.3 s");
  EXPECT_EQ(human_duration(125s), "2 min 5 s");
}

TEST(Counted, IsSingularForOneOnly) {
  EXPECT_EQ(counted(0, "tensor"), "0 tensors");
  EXPECT_EQ(counted(1, "tensor"), "1 tensor");
  EXPECT_EQ(counted(2, "tensor"), "2 tensors");
}

TEST(UtcTime, IsIso8601) {
  const std::chrono::sys_time<std::chrono::nanoseconds> time(1'769'860'800s + 1'234'567ns);
  EXPECT_EQ(utc_time(time, TimePrecision::seconds), "2026-01-31T12:00:00Z");
  EXPECT_EQ(utc_time(time, TimePrecision::microseconds), "2026-01-31T12:00:00.001234Z");
}

TEST(UtcTime, TakesTheEndsOfItsRange) {
  using Time = std::chrono::sys_time<std::chrono::nanoseconds>;
  EXPECT_EQ(utc_time(Time::min(), TimePrecision::seconds), "1677-09-21T00:12:43Z");
  EXPECT_EQ(utc_time(Time::max(), TimePrecision::seconds), "2262-04-11T23:47:16Z");
  EXPECT_EQ(utc_time(Time(-1ns), TimePrecision::seconds), "1969-12-31T23:59:59Z");
}

TEST(ShapeText, ListsDimensions) {
  EXPECT_EQ(shape_text({64, 3, 7, 7}), "[64, 3, 7, 7]");
  EXPECT_EQ(shape_text({}), "[]");
}

}  // namespace
}  // namespace lancekeep::cli
