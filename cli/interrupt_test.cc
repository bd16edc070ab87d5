// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

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
