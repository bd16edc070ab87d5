// SPDX-License-Identifier: Apache-2.0
#include "cli/batch.h"

#include "cli/output.h"

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

// A batch of three items that fails at the second one.
std::string error_of(const std::function<void()>& fail, const Batch::Outcome& outcome) {
  try {
    Batch(false).run(3, [&](std::size_t item) { item == 1 ? fail() : void(); }, outcome);
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

TEST(Batch, WorksOnItemsInOrder) {
  std::string items;
  Batch(false).run(3, [&](std::size_t item) { items += std::to_string(item); }, {});
  EXPECT_EQ(items, "012");
}

TEST(Batch, ExplainsAnError) {
  const auto fail = [] { throw Error(ErrorCode::io, "no"); };
  EXPECT_EQ(error_of(fail, {}), "no");
  EXPECT_EQ(error_of(fail, {.of_error =
                                [](std::size_t item, const Error& error) {
                                  return with_outcome(error, std::to_string(item) + " is done");
                                }}),
            "no; 1 is done");
}

TEST(Batch, SaysWhatWasDoneBeforeASignal) {
  const auto stop = [] {
    (void)std::raise(SIGTERM);
    throw_if_interrupted();
  };
  EXPECT_EQ(error_of(stop, {}), "interrupted; nothing was changed");
  EXPECT_EQ(error_of(stop, {.of_signal = [](std::size_t) { return ""; }}),
            "interrupted; nothing was changed");
  EXPECT_EQ(error_of(stop, {.of_signal = [](std::size_t) { return "1 is done"; }}),
            "interrupted; 1 is done");
}

TEST(Batch, ASignalStopsBeforeTheNextItem) {
  std::size_t last = 0;
  const auto raise = [&](std::size_t item) {
    last = item;
    if (item == 1) (void)std::raise(SIGTERM);
  };
  EXPECT_THROW(Batch(false).run(3, raise, {}), Interrupted);
  EXPECT_EQ(last, 1u);
}

}  // namespace
}  // namespace lancekeep::cli
