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

TEST(WithOutcome, TakesAnErrorOfNoFile) {
  EXPECT_STREQ(with_outcome(Error(ErrorCode::io, "no"), "version 1 is saved").what(),
               "no; version 1 is saved");
}

}  // namespace
}  // namespace lancekeep::cli
