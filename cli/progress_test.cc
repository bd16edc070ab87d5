// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include "cli/escape.h"

#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

using namespace std::chrono_literals;

TEST(ProgressLine, ShowsPartBytesSpeedAndTensor) {
  EXPECT_EQ(progress_line(5'000'000, 10'000'000, 500ms, "fc.weight", 100),
            "[############............]  50%  5.0 MB of 10.0 MB  10 MB/s  fc.weight");
}

TEST(ProgressLine, FitsTheTerminal) {
  const std::string line = progress_line(1, 2, 1s, "größe\x1b[2J", 60);
  EXPECT_LE(display_width(line), 60u);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(ProgressLine, EndsAtAHundredPerCent) {
  EXPECT_EQ(progress_line(3, 2, 1s, "", 34), "[########################] 100%  3");
}

TEST(ProgressLine, AVersionWithoutBytesIsDone) {
  EXPECT_EQ(progress_line(0, 0, 0s, "", 31), "[########################] 100%");
}

}  // namespace
}  // namespace lancekeep::cli
