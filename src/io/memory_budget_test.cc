// SPDX-License-Identifier: Apache-2.0
#include "io/memory_budget.h"

#include "io/input_file.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lancekeep::io {
namespace {

TEST(MemoryBudget, CanBeUsedUp) {
  MemoryBudget budget(100, "a.pt");
  budget.take(60, "the values");
  budget.take(40, "the values");
  EXPECT_EQ(budget.left(), 0u);
  budget.take(0, "the values");
}

TEST(MemoryBudget, RejectsMoreThanIsLeft) {
  MemoryBudget budget(100, "a.pt");
  budget.take(60, "the values");
  EXPECT_THAT([&] { budget.take(41, "the memo"); },
              fails_with(ErrorCode::unsupported, "the memo would take more than 100 bytes"));
  EXPECT_EQ(budget.left(), 40u);
  EXPECT_THAT([&] { budget.take(UINT64_MAX, "the memo"); },
              fails_with(ErrorCode::unsupported, "a.pt"));
}

TEST(MemoryBudget, KnowsItsOwnErrors) {
  MemoryBudget budget(100, "f");
  try {
    budget.take(101, "the lists");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_TRUE(MemoryBudget::was_exceeded(error));
    EXPECT_TRUE(MemoryBudget::was_exceeded(error.with_message("at `a`: " + error.message())));
  }
  EXPECT_FALSE(MemoryBudget::was_exceeded(Error(ErrorCode::unsupported, "no such dtype", "f")));
}

TEST(MemoryBudget, WhatIsGivenBackIsAvailableAgain) {
  MemoryBudget budget(100, "a.pt");
  budget.take(60, "the memo");
  budget.give_back(60);
  budget.take(100, "the values");
  EXPECT_EQ(budget.left(), 0u);
}

TEST(MemoryBudget, GrowsWithTheFile) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "model.pt";
  std::ofstream{path};
  EXPECT_EQ(MemoryBudget(InputFile(path)).left(), 36u << 20);
  std::filesystem::resize_file(path, 16'000'000);
  EXPECT_EQ(MemoryBudget(InputFile(path)).left(), (36u << 20) + 1'000'000);
}

TEST(AvailableMemory, IsPlausible) {
  EXPECT_GT(available_memory(), std::uint64_t{1} << 20);
  EXPECT_LT(available_memory(), std::uint64_t{1} << 60);
}

TEST(AvailableMemory, RejectsWhatDoesNotFit) {
  EXPECT_NO_THROW(require_memory(1000, "f"));
  EXPECT_THAT([] { require_memory(UINT64_MAX, "f"); },
              fails_with(ErrorCode::io, "f: needs 18446744073709551615 bytes of memory"));
}

}  // namespace
}  // namespace lancekeep::io
