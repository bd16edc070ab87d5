// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/budgeted_vector.h"

#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

TEST(BudgetedVector, TakesMemoryAndGivesItBack) {
  io::MemoryBudget budget(1000, "m.pt");
  {
    BudgetedVector<std::uint64_t> numbers(budget, "the numbers");
    for (std::uint64_t i = 0; i < 10; ++i) numbers.push_back(i);
    EXPECT_EQ(numbers.values()[9], 9u);
    EXPECT_LE(budget.left(), 1000u - 80u);
    EXPECT_GE(budget.left(), 1000u - 120u);
  }
  EXPECT_EQ(budget.left(), 1000u);
}

TEST(BudgetedVector, ReleasedValuesStayCharged) {
  io::MemoryBudget budget(1000, "m.pt");
  {
    BudgetedVector<char> text(budget, "the text");
    text.append(std::string_view("abc"));
    EXPECT_EQ(text.release(), (std::vector<char>{'a', 'b', 'c'}));
    EXPECT_TRUE(text.empty());
  }
  EXPECT_EQ(budget.left(), 997u);
}

TEST(BudgetedVector, MemoryBeyondTheBudgetIsRejected) {
  io::MemoryBudget budget(1000, "m.pt");
  BudgetedVector<std::uint64_t> numbers(budget, "the numbers");
  const auto rejection =
      fails_with(ErrorCode::unsupported, "the numbers would take more than 1000");
  EXPECT_THAT([&] { numbers.resize(126, 0); }, rejection);
  EXPECT_THAT([&] { numbers.resize(UINT64_MAX, 0); }, rejection);
  EXPECT_THAT([&] { numbers.resize(UINT64_MAX / 8 + 2, 0); }, rejection);
}

}  // namespace
}  // namespace lancekeep::formats
