// SPDX-License-Identifier: Apache-2.0
#include "io/checked_math.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace lancekeep::io {
namespace {

constexpr auto kMaxSigned = std::numeric_limits<std::int64_t>::max();

TEST(CheckedMath, AddFitsOrIsNothing) {
  EXPECT_EQ(checked_add<std::uint64_t>(UINT64_MAX - 1, 1), UINT64_MAX);
  EXPECT_EQ(checked_add<std::uint64_t>(UINT64_MAX, 1), std::nullopt);
  EXPECT_EQ(checked_add<std::int64_t>(kMaxSigned, 1), std::nullopt);
  EXPECT_EQ(checked_add<std::int64_t>(-kMaxSigned, -2), std::nullopt);
}

TEST(CheckedMath, MultiplyFitsOrIsNothing) {
  EXPECT_EQ(checked_mul<std::uint64_t>(1u << 31, 1u << 31), std::uint64_t{1} << 62);
  EXPECT_EQ(checked_mul<std::uint64_t>(std::uint64_t{1} << 32, std::uint64_t{1} << 32),
            std::nullopt);
  EXPECT_EQ(checked_mul<std::int64_t>(kMaxSigned, -2), std::nullopt);
}

TEST(CheckedMath, AlignRoundsUpOrIsNothing) {
  EXPECT_EQ(checked_align<std::uint64_t>(0, 256), 0u);
  EXPECT_EQ(checked_align<std::uint64_t>(1, 256), 256u);
  EXPECT_EQ(checked_align<std::uint64_t>(256, 256), 256u);
  EXPECT_EQ(checked_align<std::uint64_t>(UINT64_MAX - 255, 256), UINT64_MAX - 255);
  EXPECT_EQ(checked_align<std::uint64_t>(UINT64_MAX - 254, 256), std::nullopt);
}

}  // namespace
}  // namespace lancekeep::io
