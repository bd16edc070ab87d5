// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/bitpacking.h"

#include "lance/encoding/encoding_testing.h"

#include <limits>
#include <random>

namespace lancekeep::lance {
namespace {

constexpr std::array<std::size_t, 8> kOrder = {0, 4, 2, 6, 1, 5, 3, 7};

// Packs bit by bit, straight from the definition in the header.
template <typename T>
std::vector<T> pack(const std::vector<T>& values, unsigned width) {
  constexpr unsigned bits = std::numeric_limits<T>::digits;
  constexpr std::size_t lanes = 1024 / bits;
  std::vector<T> words(1024 * width / bits);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    for (unsigned row = 0; row < bits; ++row) {
      const T value = values[kOrder[row / 8] * 16 + row % 8 * 128 + lane];
      for (unsigned bit = 0; bit < width; ++bit) {
        const unsigned at = row * width + bit;
        if ((value >> bit & 1) != 0)
          words[at / bits * lanes + lane] |= static_cast<T>(T{1} << at % bits);
      }
    }
  }
  return words;
}

template <typename T>
std::vector<T> random_values(unsigned width, std::size_t count = 1024) {
  std::mt19937_64 random(width);
  std::vector<T> values(count);
  for (T& value : values) value = width == 0 ? T{0} : static_cast<T>(random() >> (64 - width));
  return values;
}

template <typename T>
class BitPackingTest : public ::testing::Test {
 protected:
  static constexpr unsigned bits = std::numeric_limits<T>::digits;
};
using Words = ::testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(BitPackingTest, Words);

TYPED_TEST(BitPackingTest, UnpacksEveryWidthInline) {
  for (unsigned width = 0; width <= this->bits; ++width) {
    const auto values = random_values<TypeParam>(width);
    const std::string block =
        raw<TypeParam>({static_cast<TypeParam>(width)}) + raw(pack(values, width));
    std::vector<std::byte> out;
    append_inline_bitpacked(view(block), this->bits, 1024, out);
    EXPECT_EQ(numbers<TypeParam>(out), values) << width;
  }
}

TYPED_TEST(BitPackingTest, UnpacksEveryWidthOutOfLine) {
  for (unsigned width = 0; width <= this->bits; ++width) {
    const auto values = random_values<TypeParam>(width);
    std::vector<std::byte> out;
    append_out_of_line_bitpacked(view(raw(pack(values, width))), this->bits, width, 1024, out);
    EXPECT_EQ(numbers<TypeParam>(out), values) << width;
  }
}

TYPED_TEST(BitPackingTest, StopsAtTheCount) {
  const auto values = random_values<TypeParam>(3);
  std::vector<std::byte> out;
  append_inline_bitpacked(view(raw<TypeParam>({3}) + raw(pack(values, 3))), this->bits, 10, out);
  EXPECT_EQ(numbers<TypeParam>(out), std::vector<TypeParam>(values.begin(), values.begin() + 10));
}

TYPED_TEST(BitPackingTest, ReadsARawTail) {
  const auto values = random_values<TypeParam>(5);
  const std::vector<TypeParam> tail = {1, 2, 200};
  std::vector<std::byte> out;
  append_out_of_line_bitpacked(view(raw(pack(values, 5)) + raw(tail)), this->bits, 5, 1027, out);
  auto expected = values;
  expected.insert(expected.end(), tail.begin(), tail.end());
  EXPECT_EQ(numbers<TypeParam>(out), expected);
}

TYPED_TEST(BitPackingTest, ReadsAPackedTail) {
  const auto values = random_values<TypeParam>(5);
  std::vector<std::byte> out;
  append_out_of_line_bitpacked(view(raw(pack(values, 5)) + raw(pack(values, 5))), this->bits, 5,
                               1027, out);
  auto expected = values;
  expected.insert(expected.end(), values.begin(), values.begin() + 3);
  EXPECT_EQ(numbers<TypeParam>(out), expected);
}

TYPED_TEST(BitPackingTest, RefusesAWidthBeyondTheWord) {
  std::vector<std::byte> out;
  const auto width = static_cast<TypeParam>(this->bits + 1);
  expect_corrupt("are packed to", [&] {
    append_inline_bitpacked(view(raw<TypeParam>({width}) + std::string(16384, '\0')), this->bits, 1,
                            out);
  });
  expect_corrupt("are packed to", [&] {
    append_out_of_line_bitpacked(view(std::string(16384, '\0')), this->bits, this->bits + 1, 1,
                                 out);
  });
}

TEST(BitPackingBlockTest, RefusesMoreValuesThanABlockHolds) {
  std::vector<std::byte> out;
  expect_corrupt("1025 values", [&] {
    append_inline_bitpacked(view(raw<std::uint16_t>({16}) + std::string(4096, '\0')), 16, 1025,
                            out);
  });
}

TEST(BitPackingBlockTest, RefusesEveryPrefixOfABlock) {
  const std::string block = raw<std::uint32_t>({2}) + raw(pack(random_values<std::uint32_t>(2), 2));
  std::vector<std::byte> out;
  for (std::size_t length = 0; length < block.size(); ++length) {
    EXPECT_THROW(append_inline_bitpacked(view(block.substr(0, length)), 32, 1, out), Error)
        << length;
  }
}

TEST(BitPackingBlockTest, RefusesAnOutOfLineBlockThatIsCut) {
  std::vector<std::byte> out;
  expect_corrupt("bit-packed values needs 128 bytes", [&] {
    append_out_of_line_bitpacked(view(std::string(127, '\0')), 16, 1, 1000, out);
  });
}

TEST(BitPackingBlockTest, RefusesWordsOfOtherWidths) {
  std::vector<std::byte> out;
  expect_corrupt("of 24 bits",
                 [&] { append_inline_bitpacked(view(std::string(64, '\0')), 24, 1, out); });
  expect_corrupt("of 128 bits", [&] { append_out_of_line_bitpacked(view(""), 128, 0, 1, out); });
}

}  // namespace
}  // namespace lancekeep::lance
