// SPDX-License-Identifier: Apache-2.0
#include "io/error_text.h"

#include <gtest/gtest.h>

namespace lancekeep::io {
namespace {

TEST(ErrorText, IsWithoutThePlace) {
  EXPECT_EQ(text_of(Error(ErrorCode::corrupt, "a: b", "file", 7)), "a: b");
  EXPECT_EQ(text_of(Error(ErrorCode::corrupt, "a: b", "file")), "a: b");
  EXPECT_EQ(text_of(Error(ErrorCode::corrupt, "a: b")), "a: b");
}

TEST(ErrorText, OfTheSamePlaceWithAnotherText) {
  const Error error = with_text(Error(ErrorCode::corrupt, "a", "file", 7), "b");
  EXPECT_EQ(error.code(), ErrorCode::corrupt);
  EXPECT_STREQ(error.what(), "file: at byte 7: b");
  EXPECT_EQ(error.file(), "file");
  EXPECT_EQ(error.offset(), 7u);
}

}  // namespace
}  // namespace lancekeep::io
