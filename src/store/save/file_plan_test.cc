// SPDX-License-Identifier: Apache-2.0
#include "store/save/file_plan.h"

#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;

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

TEST(PlanFiles, KeepsTheNumberOfFilesInHand) {
  // Tensors of just over half a file fill files worst.
  for (const std::uint64_t size : {65 * kMiB, 100 * kMiB, 129 * kMiB}) {
    for (const std::size_t count : {1000, 4000}) {
      EXPECT_LE(files_of(specs_of(std::vector<std::uint64_t>(count, size))).size(), 513u)
          << count << " of " << size;
    }
  }
}

TEST(PlanFiles, HasNoFileForNoTensor) { EXPECT_TRUE(files_of({}).empty()); }

}  // namespace
}  // namespace lancekeep::store
