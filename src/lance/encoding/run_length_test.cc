// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/run_length.h"

#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

template <typename T>
std::vector<T> runs(std::initializer_list<T> values, std::initializer_list<std::uint8_t> lengths,
                    std::uint64_t count) {
  std::vector<std::byte> out;
  append_runs(view(raw(values)), view(raw(lengths)), sizeof(T), count, out);
  return numbers<T>(out);
}

TEST(RunLengthTest, RepeatsValuesOfEachWidth) {
  EXPECT_EQ(runs<std::uint8_t>({7, 8}, {2, 1}, 3), (std::vector<std::uint8_t>{7, 7, 8}));
  EXPECT_EQ(runs<std::uint16_t>({700, 8}, {2, 1}, 3), (std::vector<std::uint16_t>{700, 700, 8}));
  EXPECT_EQ(runs<std::uint32_t>({70000, 8}, {2, 1}, 3),
            (std::vector<std::uint32_t>{70000, 70000, 8}));
  EXPECT_EQ(runs<std::uint64_t>({1ULL << 40, 8}, {2, 1}, 3),
            (std::vector<std::uint64_t>{1ULL << 40, 1ULL << 40, 8}));
}

TEST(RunLengthTest, ReadsALongRunAsSeveral) {
  EXPECT_EQ(runs<std::uint16_t>({3, 3}, {255, 45}, 300), std::vector<std::uint16_t>(300, 3));
}

TEST(RunLengthTest, ReadsNoRuns) { EXPECT_TRUE(runs<std::uint16_t>({}, {}, 0).empty()); }

TEST(RunLengthTest, TakesOnlyWhatIsWantedOfALastRunThatIsTooLong) {
  EXPECT_EQ(runs<std::uint16_t>({7, 8}, {2, 5}, 4), (std::vector<std::uint16_t>{7, 7, 8, 8}));
}

TEST(RunLengthTest, RefusesRunsThatAreTooLong) {
  expect_corrupt("runs have 3 values together, expected 2",
                 [] { runs<std::uint16_t>({7, 8}, {2, 1}, 2); });
}

TEST(RunLengthTest, RefusesRunsThatAreTooShort) {
  expect_corrupt("runs have 3 values together, expected 4",
                 [] { runs<std::uint16_t>({7, 8}, {2, 1}, 4); });
}

TEST(RunLengthTest, RefusesAHugeCountBeforeAllocating) {
  expect_corrupt("runs have 3 values together",
                 [] { runs<std::uint64_t>({7, 8}, {2, 1}, ~std::uint64_t{0}); });
}

TEST(RunLengthTest, RefusesLengthsWithoutValues) {
  expect_corrupt("2 run lengths for 2 bytes of values",
                 [] { runs<std::uint16_t>({7}, {2, 1}, 3); });
}

TEST(RunLengthTest, RefusesHalfAValue) {
  std::vector<std::byte> out;
  expect_corrupt("1 run lengths for 3 bytes of values",
                 [&] { append_runs(view("abc"), view(raw<std::uint8_t>({1})), 2, 1, out); });
}

TEST(RunLengthTest, RefusesOtherWidths) {
  std::vector<std::byte> out;
  expect_unsupported("runs of values of 3 bytes",
                     [&] { append_runs(view("abc"), view(raw<std::uint8_t>({1})), 3, 1, out); });
}

}  // namespace
}  // namespace lancekeep::lance
