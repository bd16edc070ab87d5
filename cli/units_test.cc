// SPDX-License-Identifier: Apache-2.0
#include "cli/units.h"

#include <lancekeep/error.h>

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

TEST(Counted, IsSingularOnlyForOne) {
  EXPECT_EQ(counted(0, "tensor"), "0 tensors");
  EXPECT_EQ(counted(1, "tensor"), "1 tensor");
  EXPECT_EQ(counted(2, "tensor"), "2 tensors");
}

TEST(ParseAge, TakesANumberAndAUnit) {
  EXPECT_EQ(parse_age("45s", "--x"), 45s);
  EXPECT_EQ(parse_age("90m", "--x"), 90min);
  EXPECT_EQ(parse_age("12h", "--x"), 12h);
  EXPECT_EQ(parse_age("30d", "--x"), 720h);
  EXPECT_EQ(parse_age("2w", "--x"), 336h);
  EXPECT_EQ(parse_age("0s", "--x"), 0s);
}

TEST(ParseAge, RejectsAnythingElse) {
  for (const std::string text : {"", "d", "30", "-1d", "+1d", "1.5h", "1 d", " 1d", "1d ", "1D",
                                 "1dd", "1y", "1h30m", "0x1d"}) {
    try {
      (void)parse_age(text, "--older-than");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_EQ(std::string(error.what()),
                "--older-than expects an age such as 30d, 12h, 90m, 45s or 2w, got `" + text + "`");
    }
  }
}

TEST(ParseAge, RejectsAgesThatDoNotFit) {
  EXPECT_EQ(parse_age("9223372036s", "--x"), 9'223'372'036s);
  for (const std::string text :
       {"9223372037s", "99999999999999999999s", "15251w", "9223372036854775807w"}) {
    try {
      (void)parse_age(text, "--x");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("more than 292 years"), std::string::npos);
    }
  }
}

TEST(AgeText, PicksTheLargestUnitThatFits) {
  EXPECT_EQ(age_text(168h), "7 days");
  EXPECT_EQ(age_text(24h), "1 day");
  EXPECT_EQ(age_text(36h), "36 hours");
  EXPECT_EQ(age_text(90min), "90 minutes");
  EXPECT_EQ(age_text(61s), "61 seconds");
  EXPECT_EQ(age_text(0s), "0 seconds");
}

TEST(ParseSize, TakesDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("1B", "--x"), 1u);
  EXPECT_EQ(parse_size("200KB", "--x"), 200'000u);
  EXPECT_EQ(parse_size("200kB", "--x"), 200'000u);
  EXPECT_EQ(parse_size("500MB", "--x"), 500'000'000u);
  EXPECT_EQ(parse_size("5GB", "--x"), 5'000'000'000u);
  EXPECT_EQ(parse_size("2TB", "--x"), 2'000'000'000'000u);
  EXPECT_EQ(parse_size("3KiB", "--x"), 3072u);
  EXPECT_EQ(parse_size("3MiB", "--x"), 3u << 20);
  EXPECT_EQ(parse_size("4GiB", "--x"), 4ull << 30);
  EXPECT_EQ(parse_size("1TiB", "--x"), 1ull << 40);
}

TEST(ParseSize, RejectsAnythingElse) {
  for (const std::string text : {"", "GB", "5", "-5GB", "+5GB", "1.5GB", "5 GB", " 5GB", "5GB ",
                                 "5gb", "5G", "5GBB", "5GB5", "0x5GB", "5EB"}) {
    try {
      (void)parse_size(text, "--max-shard-size");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_EQ(std::string(error.what()),
                "--max-shard-size expects a size such as 5GB, 500MB or 4GiB, got `" + text + "`");
    }
  }
}

TEST(ParseSize, RejectsZero) {
  for (const std::string text : {"0GB", "0B", "000KiB"}) {
    try {
      (void)parse_size(text, "--x");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("which is zero"), std::string::npos);
    }
  }
}

TEST(ParseSize, RejectsSizesThatDoNotFit) {
  EXPECT_EQ(parse_size("18446744073709551615B", "--x"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(parse_size("16777215TiB", "--x"), 16'777'215ull << 40);
  for (const std::string text :
       {"18446744073709551616B", "16777216TiB", "99999999999999999999GB"}) {
    try {
      (void)parse_size(text, "--x");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("more than 2^64 bytes"), std::string::npos);
    }
  }
}

TEST(NumberRuns, JoinsNeighbours) {
  EXPECT_EQ(number_runs({}), "");
  EXPECT_EQ(number_runs({4}), "4");
  EXPECT_EQ(number_runs({1, 2, 3, 5, 7, 8}), "1–3, 5, 7–8");
}

TEST(VersionsAre, IsSingularForOneVersion) {
  EXPECT_EQ(versions_are({4}), "version 4 is");
  EXPECT_EQ(versions_are({1, 2, 3, 5}), "versions 1–3, 5 are");
}

TEST(UtcTime, IsIso8601) {
  const std::chrono::sys_time<std::chrono::nanoseconds> time(1'769'860'800s + 1'234'567ns);
  EXPECT_EQ(utc_time(time, TimePrecision::seconds), "2026-01-31T12:00:00Z");
  EXPECT_EQ(utc_time(time, TimePrecision::microseconds), "2026-01-31T12:00:00.001234Z");
  EXPECT_EQ(utc_time(time, TimePrecision::exact), "2026-01-31T12:00:00.001234567Z");
}

TEST(UtcTime, HasDigitsInStepsOfThree) {
  using Time = std::chrono::sys_time<std::chrono::nanoseconds>;
  EXPECT_EQ(utc_time(Time(5s), TimePrecision::exact), "1970-01-01T00:00:05Z");
  EXPECT_EQ(utc_time(Time(50ms), TimePrecision::exact), "1970-01-01T00:00:00.050Z");
  EXPECT_EQ(utc_time(Time(-1us), TimePrecision::exact), "1969-12-31T23:59:59.999999Z");
}

TEST(UtcTime, TakesTheEndsOfItsRange) {
  using Time = std::chrono::sys_time<std::chrono::nanoseconds>;
  EXPECT_EQ(utc_time(Time::min(), TimePrecision::seconds), "1677-09-21T00:12:43Z");
  EXPECT_EQ(utc_time(Time::max(), TimePrecision::seconds), "2262-04-11T23:47:16Z");
  EXPECT_EQ(utc_time(Time(-1ns), TimePrecision::seconds), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace lancekeep::cli
