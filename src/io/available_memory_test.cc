// SPDX-License-Identifier: Apache-2.0
#include "io/available_memory.h"

#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

#include <limits>

namespace lancekeep::io {
namespace {

TEST(AvailableMemory, IsAPlausibleFigure) {
  EXPECT_GT(available_memory(), std::uint64_t{1} << 20);
  EXPECT_LT(available_memory(), std::uint64_t{1} << 60);
}

TEST(AvailableMemory, RefusesWhatDoesNotFit) {
  EXPECT_NO_THROW(require_memory(1000, "f"));
  EXPECT_THAT([] { require_memory(std::numeric_limits<std::uint64_t>::max(), "f"); },
              fails_with(ErrorCode::io, "f: needs 18446744073709551615 bytes of memory"));
}

}  // namespace
}  // namespace lancekeep::io
