// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

constexpr auto kNone = std::nullopt;

// A model and the rows it can have: each spec has the row of the same index, if any.
struct Case {
  std::vector<TensorSpec> specs;
  std::vector<TensorRow> rows;
  std::vector<std::optional<std::size_t>> matches;
  std::size_t first_own = 1000;
  std::set<std::size_t> abandoned;

  // A tensor whose bytes a row of `fragment` has.
  Case& kept(std::uint64_t nbytes, std::size_t fragment) {
    matches.push_back(rows.size());
    rows.push_back(
        {.ordinal = static_cast<std::int64_t>(specs.size()) << 20, .fragment = fragment});
    specs.push_back({"t", "uint8", {}, nbytes, std::nullopt});
    return *this;
  }
  Case& changed(std::uint64_t nbytes) {
    matches.push_back(kNone);
    specs.push_back({"t", "uint8", {}, nbytes, std::nullopt});
    return *this;
  }
  Case& tied(std::size_t target) {
    specs.back().tied_to = target;
    return *this;
  }
  [[nodiscard]] SavePlan plan() const {
    return plan_save({specs, rows, matches, first_own, abandoned});
  }
};

TEST(SavePlan, OfANewModelWritesAll) {
  const SavePlan plan = Case().changed(10).changed(20).plan();
  EXPECT_THAT(plan.keep, ElementsAre(kNone, kNone));
  EXPECT_THAT(plan.write, ElementsAre(ValueGroup{0}, ValueGroup{1}));
  EXPECT_THAT(plan.ordinals, ElementsAre(0, 1 << 20));
}

TEST(SavePlan, KeepsWhatItCan) {
  const SavePlan plan = Case().kept(10, 0).changed(20).kept(30, 0).plan();
  EXPECT_THAT(plan.keep, ElementsAre(Optional(0u), kNone, Optional(1u)));
  EXPECT_THAT(plan.write, ElementsAre(ValueGroup{1}));
}

TEST(SavePlan, TiesThatAreAllThereStay) {
  const SavePlan plan = Case().kept(10, 0).kept(10, 0).tied(0).plan();
  EXPECT_THAT(plan.write, IsEmpty());
}

TEST(SavePlan, ANewTieIsWrittenWithItsTarget) {
  const SavePlan plan = Case().kept(10, 0).kept(5, 0).changed(10).tied(0).plan();
  EXPECT_THAT(plan.write, ElementsAre(ValueGroup{0, 2}));
  EXPECT_THAT(plan.keep, ElementsAre(kNone, Optional(1u), kNone));
}

TEST(SavePlan, AnAbandonedFragmentIsEmptied) {
  Case model = Case().kept(10, 0).kept(10, 1).kept(10, 0);
  model.abandoned = {0};
  EXPECT_THAT(model.plan().write, ElementsAre(ValueGroup{0}, ValueGroup{2}));
}

Case many_fragments(std::uint64_t nbytes, std::size_t count) {
  Case model;
  for (std::size_t fragment = 0; fragment < count; ++fragment) model.kept(nbytes, fragment);
  return model;
}

TEST(SavePlan, KeepsTheNumberOfFragmentsInHand) {
  // 1 that the size needs and 32 to spare: 32 that stay and a new one fit, one more does not.
  EXPECT_EQ(many_fragments(100, 32).changed(100).plan().write.size(), 1u);
  // And then half of those to spare go at once.
  EXPECT_EQ(many_fragments(100, 33).changed(100).plan().write.size(), 1u + 17);
  EXPECT_EQ(many_fragments(100, 50).changed(100).plan().write.size(), 1u + 34);
}

TEST(SavePlan, EmptiesTheSmallestFirst) {
  Case model = many_fragments(100, 31);
  model.kept(1, 500).kept(2, 501).changed(100);
  const auto write = model.plan().write;
  EXPECT_THAT(write, testing::IsSupersetOf({ValueGroup{31}, ValueGroup{32}, ValueGroup{33}}));
  EXPECT_EQ(write.size(), 1u + 17);
}

TEST(SavePlan, MovesNoMoreThan64KiBAndAQuarterOfWhatItWrites) {
  constexpr std::uint64_t kKiB = 1 << 10;
  EXPECT_EQ(many_fragments(65 * kKiB, 33).changed(1).plan().write.size(), 1u);
  EXPECT_EQ(many_fragments(65 * kKiB, 33).changed(16 * kKiB).plan().write.size(), 2u);
  EXPECT_EQ(many_fragments(30 * kKiB, 100).changed(1).plan().write.size(), 3u);
}

TEST(SavePlan, AFragmentOfWhichHardlyAnythingStaysIsEmptied) {
  const auto model = [](std::uint64_t lost) {
    Case made = Case().kept(8, 0).changed(lost);
    made.rows.push_back({.value = lance::BlobDescriptor{0, lost}, .fragment = 0});
    return made;
  };
  EXPECT_EQ(model(1 << 20).plan().write.size(), 2u);
  EXPECT_EQ(model(1 << 10).plan().write.size(), 1u) << "moving it would cost as much";
}

TEST(SavePlan, WritingNothingMovesNothing) {
  EXPECT_THAT(many_fragments(1, 200).plan().write, IsEmpty());
}

TEST(SavePlan, WhatThisSaveWroteIsNotMoved) {
  Case model = many_fragments(100, 33).changed(100);
  model.first_own = 0;
  EXPECT_EQ(model.plan().write.size(), 1u);
}

TEST(SavePlan, RelabelsForEveryLabelThatDiffers) {
  const TensorRow row{.name = "a", .ordinal = 1, .hash = "h", .tied_to = "b"};
  EXPECT_FALSE(must_relabel(row, row));
  TensorRow wanted = row;
  wanted.name = "c";
  EXPECT_TRUE(must_relabel(row, wanted));
  wanted = row;
  wanted.ordinal = 2;
  EXPECT_TRUE(must_relabel(row, wanted));
  wanted = row;
  wanted.hash = "i";
  EXPECT_TRUE(must_relabel(row, wanted));
  wanted = row;
  wanted.tied_to.reset();
  EXPECT_TRUE(must_relabel(row, wanted));
}

}  // namespace
}  // namespace lancekeep::store
