// SPDX-License-Identifier: Apache-2.0
#include "store/save/ordinals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kStep = 1 << 20;
constexpr auto kNew = std::nullopt;
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::vector<std::int64_t> assign(std::vector<std::optional<std::int64_t>> kept) {
  return assign_ordinals(kept);
}

TEST(Ordinals, OfANewModelAreSteps) {
  EXPECT_THAT(assign({kNew, kNew, kNew}), ElementsAre(0, kStep, 2 * kStep));
}

TEST(Ordinals, OfWhatStaysStay) {
  EXPECT_THAT(assign({0, kStep, 2 * kStep}), ElementsAre(0, kStep, 2 * kStep));
  EXPECT_THAT(assign({-7, 3, 4}), ElementsAre(-7, 3, 4));
}

TEST(Ordinals, NewOnesGoHalfway) {
  EXPECT_THAT(assign({0, kNew, kStep}), ElementsAre(0, kStep / 2, kStep));
  EXPECT_THAT(assign({0, kNew, kNew, kNew, kStep}),
              ElementsAre(0, kStep / 4, kStep / 2, 3 * (kStep / 4), kStep));
}

TEST(Ordinals, NewOnesGoBehindAndBefore) {
  EXPECT_THAT(assign({5, kNew, kNew}), ElementsAre(5, 5 + kStep, 5 + 2 * kStep));
  EXPECT_THAT(assign({kNew, kNew, 5}), ElementsAre(5 - 2 * kStep, 5 - kStep, 5));
}

TEST(Ordinals, OneThatMovedIsTheOnlyOneThatChanges) {
  EXPECT_THAT(assign({3 * kStep, 0, kStep, 2 * kStep}), ElementsAre(-kStep, 0, kStep, 2 * kStep));
}

TEST(Ordinals, WithoutRoomAllAreNumberedAnew) {
  EXPECT_THAT(assign({0, kNew, 1, 2}), ElementsAre(0, kStep, 2 * kStep, 3 * kStep));
  EXPECT_THAT(assign({kMax, kNew}), ElementsAre(0, kStep));
  EXPECT_THAT(assign({kNew, kMin}), ElementsAre(0, kStep));
}

TEST(Ordinals, TheWholeRangeIsADistance) {
  EXPECT_THAT(assign({kMin, kNew, kMax}), ElementsAre(kMin, kMin + kStep, kMax));
}

TEST(Ordinals, AlwaysAscend) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::optional<std::int64_t>> kept(random() % 30);
    for (auto& ordinal : kept) {
      if (random() % 3 != 0) ordinal = static_cast<std::int64_t>(random() >> (random() % 64));
    }
    const auto ordinals = assign_ordinals(kept);
    EXPECT_TRUE(std::ranges::is_sorted(ordinals, std::ranges::less_equal{})) << round;
  }
}

}  // namespace
}  // namespace lancekeep::store
