// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

constexpr auto kNone = std::nullopt;

// A model and the rows that match it: each spec has the row of the same index, if any.
struct Case {
  std::vector<TensorSpec> specs;
  std::vector<TensorRow> rows;
  std::vector<std::optional<std::size_t>> matches;
  std::size_t first_own = 1000;
  std::set<std::size_t> abandoned;

  // Adds a tensor whose bytes are in a row of `fragment`.
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

TEST(SavePlan, LimitsTheNumberOfFragments) {
  // The size needs 1 fragment and 32 are to spare: 32 old ones and a new one fit, one more does
  // not.
  EXPECT_EQ(many_fragments(100, 32).changed(100).plan().write.size(), 1u);
  // Then half of the spare ones are emptied at once.
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

TEST(SavePlan, AFragmentIsEmptiedIfHardlyAnythingStays) {
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

constexpr std::uint64_t kMiB = 1 << 20;

std::vector<TensorSpec> specs_of(const std::vector<std::uint64_t>& sizes) {
  std::vector<TensorSpec> specs;
  for (const std::uint64_t size : sizes) {
    specs.push_back({"t" + std::to_string(specs.size()),
                     "uint8",
                     {static_cast<std::int64_t>(size)},
                     size,
                     std::nullopt});
  }
  return specs;
}

std::vector<FilePlan> files_of(const std::vector<TensorSpec>& specs) {
  return plan_files(specs, tie_groups(specs));
}

TEST(PlanFiles, FillsFilesOf128MiB) {
  EXPECT_THAT(files_of(specs_of({60 * kMiB, 60 * kMiB, 60 * kMiB, 8 * kMiB, 61 * kMiB})),
              ElementsAre(FilePlan{{0}, {1}}, FilePlan{{2}, {3}}, FilePlan{{4}}));
}

TEST(PlanFiles, GivesALargerTensorAFileOfItsOwn) {
  EXPECT_THAT(files_of(specs_of({1 * kMiB, 500 * kMiB, 1 * kMiB})),
              ElementsAre(FilePlan{{0}}, FilePlan{{1}}, FilePlan{{2}}));
}

TEST(PlanFiles, PutsTiesRightBehindTheirTarget) {
  auto specs = specs_of({kMiB, kMiB, kMiB, kMiB, 200 * kMiB, 200 * kMiB});
  specs[2].tied_to = 0;
  specs[3].tied_to = 0;
  specs[5].tied_to = 4;
  EXPECT_THAT(files_of(specs), ElementsAre(FilePlan{{0, 2, 3}, {1}}, FilePlan{{4, 5}}));
}

TEST(PlanFiles, LimitsTheNumberOfFiles) {
  // Tensors of just over half a file fill files worst.
  for (const std::uint64_t size : {65 * kMiB, 100 * kMiB, 129 * kMiB}) {
    for (const std::size_t count : {1000, 4000}) {
      EXPECT_LE(files_of(specs_of(std::vector<std::uint64_t>(count, size))).size(), 513u)
          << count << " of " << size;
    }
  }
}

TEST(PlanFiles, HasNoFileForNoTensor) { EXPECT_TRUE(files_of({}).empty()); }

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

TEST(Ordinals, OfKeptRowsStay) {
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
