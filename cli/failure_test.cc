// SPDX-License-Identifier: Apache-2.0
#include "cli/failure.h"

#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

TEST(WithOutcome, KeepsCodeFileAndOffset) {
  const Error error =
      with_outcome(Error(ErrorCode::corrupt, "a bad byte", "m.pt", 7), "nothing was saved");
  EXPECT_STREQ(error.what(), "m.pt: at byte 7: a bad byte; nothing was saved");
  EXPECT_EQ(error.code(), ErrorCode::corrupt);
  EXPECT_EQ(error.file(), "m.pt");
  EXPECT_EQ(error.offset(), 7u);
}

TEST(WithOutcome, AcceptsAnErrorWithoutAFile) {
  EXPECT_STREQ(with_outcome(Error(ErrorCode::io, "no"), "version 1 is saved").what(),
               "no; version 1 is saved");
}

TEST(InterruptScope, RemembersASignal) {
  const InterruptScope scope;
  EXPECT_NO_THROW(throw_if_interrupted());
  ASSERT_EQ(std::raise(SIGTERM), 0);
  try {
    throw_if_interrupted();
    FAIL() << "expected Interrupted";
  } catch (const Interrupted& interrupted) {
    EXPECT_EQ(interrupted.signal(), SIGTERM);
  }
}

TEST(InterruptScope, ASecondSignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        const InterruptScope scope;
        (void)std::raise(SIGINT);
        (void)std::raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

TEST(InterruptScope, LeavesAnIgnoredCtrlCIgnored) {
  const auto before = std::signal(SIGINT, SIG_IGN);
  {
    const InterruptScope scope;
    ASSERT_EQ(std::raise(SIGINT), 0);
    EXPECT_NO_THROW(throw_if_interrupted());
  }
  EXPECT_EQ(std::signal(SIGINT, before), SIG_IGN);
}

TEST(InterruptScope, ForgetsAnEarlierSignal) {
  {
    const InterruptScope scope;
    ASSERT_EQ(std::raise(SIGTERM), 0);
  }
  const InterruptScope scope;
  EXPECT_NO_THROW(throw_if_interrupted());
}

}  // namespace
}  // namespace lancekeep::cli
