// SPDX-License-Identifier: Apache-2.0
#include "cli/origin.h"

#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

using namespace std::chrono;

VersionInfo version(Metadata metadata = {}) {
  VersionInfo info{.number = 7};
  info.time = sys_days(2026y / November / 22) + hours(9) + nanoseconds(123'000'000);
  info.metadata = std::move(metadata);
  return info;
}

TEST(Origin, IsTheTimeAndTheNumber) {
  const Metadata metadata = with_origin(version({{"epoch", "3"}}));
  EXPECT_EQ(metadata, (Metadata{{"epoch", "3"},
                                {"source_time", "2026-11-22T09:00:00.123Z"},
                                {"source_version", "7"}}));
}

TEST(Origin, StaysWhatItWasAtFirst) {
  const Metadata first = {{"source_time", "2026-03-01T12:00:00Z"}, {"source_version", "2"}};
  EXPECT_EQ(with_origin(version(first)), first);
}

TEST(Origin, TakesNoOtherTextForATime) {
  for (const char* text : {"", "yesterday", "2026-03-01", "2026-03-01T12:00:00",
                           "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00.1234567890Z"}) {
    EXPECT_EQ(source_time({{"source_time", text}}), std::nullopt) << text;
    EXPECT_EQ(with_origin(version({{"source_time", text}})).at("source_version"), "7") << text;
  }
  EXPECT_EQ(source_time({{"source_time", std::string(1 << 20, '1')}}), std::nullopt);
}

TEST(Origin, ShowsWhenTheVersionWasMadeAndWhenItCame) {
  EXPECT_EQ(time_text(version()), "2026-11-22T09:00:00Z");
  EXPECT_EQ(time_text(version({{"source_time", "2026-03-01T12:00:00.5Z"}})),
            "2026-03-01T12:00:00Z (imported 2026-11-22)");
}

}  // namespace
}  // namespace lancekeep::cli
