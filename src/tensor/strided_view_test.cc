// SPDX-License-Identifier: Apache-2.0
#include "tensor/strided_view.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace lancekeep {
namespace {

// The values of a view into the int32 numbers 0, 1, 2, ... that starts at number `first`.
std::vector<std::int32_t> gathered(const Shape& shape, const Shape& strides, std::int32_t first = 0,
                                   std::size_t piece_bytes = 1 << 20) {
  const StridedLayout layout{shape, strides, sizeof(std::int32_t)};
  std::vector<std::int32_t> storage(*reach(layout) / sizeof(std::int32_t));
  for (std::size_t i = 0; i < storage.size(); ++i)
    storage[i] = first + static_cast<std::int32_t>(i);
  std::vector<std::int32_t> values;
  gather(layout, std::as_bytes(std::span(storage)), piece_bytes, [&](std::span<std::byte> piece) {
    const std::size_t old = values.size();
    values.resize(old + piece.size() / sizeof(std::int32_t));
    std::memcpy(values.data() + old, piece.data(), piece.size());
    return true;
  });
  return values;
}

using Values = std::vector<std::int32_t>;

TEST(StridedView, ReachOfAContiguousViewIsItsSize) {
  EXPECT_EQ(reach({{2, 3}, {3, 1}, 4}), 24u);
  EXPECT_EQ(reach({{}, {}, 8}), 8u);
}

TEST(StridedView, ReachOfASliceEndsWithItsLastElement) {
  EXPECT_EQ(reach({{2, 2}, {5, 1}, 4}), 28u);
}

TEST(StridedView, AnEmptyViewHasNoExtent) { EXPECT_EQ(reach({{4, 0}, {INT64_MAX, 1}, 4}), 0u); }

TEST(StridedView, ReachOfAnExpandedViewIsOneElement) {
  EXPECT_EQ(reach({{1000, 1000}, {0, 0}, 4}), 4u);
}

TEST(StridedView, ReachThatOverflowsIsUnset) {
  EXPECT_EQ(reach({{3, 3}, {INT64_MAX, INT64_MAX}, 1}), std::nullopt);
  EXPECT_EQ(reach({{2}, {INT64_MAX}, 4}), std::nullopt);
  EXPECT_EQ(reach({{INT64_MAX}, {3}, 1}), std::nullopt);
}

TEST(StridedView, NegativeAndMissingStridesHaveNoReach) {
  EXPECT_EQ(reach({{3}, {-1}, 1}), std::nullopt);
  EXPECT_EQ(reach({{3, 3}, {1}, 1}), std::nullopt);
}

TEST(StridedView, RecognisesContiguousViews) {
  EXPECT_TRUE(is_contiguous({{2, 3}, {3, 1}, 4}));
  EXPECT_TRUE(is_contiguous({{}, {}, 4}));
  EXPECT_TRUE(is_contiguous({{2, 1, 3}, {3, 77, 1}, 4}));
  EXPECT_TRUE(is_contiguous({{2, 0}, {9, 9}, 4}));
  EXPECT_FALSE(is_contiguous({{3, 2}, {1, 3}, 4}));
  EXPECT_FALSE(is_contiguous({{2, 2}, {5, 1}, 4}));
  EXPECT_FALSE(is_contiguous({{2}, {0}, 4}));
}

TEST(StridedView, GathersATransposedMatrix) {
  EXPECT_EQ(gathered({3, 2}, {1, 3}), (Values{0, 3, 1, 4, 2, 5}));
}

TEST(StridedView, GathersAnExpandedVector) {
  EXPECT_EQ(gathered({2, 3}, {0, 1}), (Values{0, 1, 2, 0, 1, 2}));
}

TEST(StridedView, GathersEverySecondColumn) {
  EXPECT_EQ(gathered({2, 2}, {4, 2}), (Values{0, 2, 4, 6}));
}

TEST(StridedView, GathersThreeDimensions) {
  EXPECT_EQ(gathered({2, 2, 2}, {1, 2, 4}), (Values{0, 4, 2, 6, 1, 5, 3, 7}));
}

TEST(StridedView, GathersAScalar) { EXPECT_EQ(gathered({}, {}, 7), Values{7}); }

TEST(StridedView, AnEmptyViewPushesNothing) { EXPECT_EQ(gathered({0, 3}, {3, 1}), Values{}); }

TEST(StridedView, PiecesOfAnySizeGiveTheSameValues) {
  const Values whole = gathered({4, 3, 5}, {5, 20, 1});
  ASSERT_EQ(whole.size(), 60u);
  for (std::size_t piece = 1; piece <= 260; ++piece) {
    EXPECT_EQ(gathered({4, 3, 5}, {5, 20, 1}, 0, piece), whole) << piece;
  }
}

TEST(StridedView, EveryWidthIsCopiedWhole) {
  for (const std::size_t itemsize : {1, 2, 4, 8, 16, 3}) {
    std::vector<std::byte> storage(4 * itemsize);
    for (std::size_t i = 0; i < storage.size(); ++i) storage[i] = static_cast<std::byte>(i);
    std::vector<std::byte> out;
    gather({{2, 2}, {1, 2}, itemsize}, storage, 1 << 10, [&](std::span<std::byte> piece) {
      out.insert(out.end(), piece.begin(), piece.end());
      return true;
    });
    ASSERT_EQ(out.size(), storage.size());
    EXPECT_EQ(std::memcmp(out.data() + itemsize, storage.data() + 2 * itemsize, itemsize), 0);
    EXPECT_EQ(std::memcmp(out.data() + 2 * itemsize, storage.data() + itemsize, itemsize), 0);
  }
}

TEST(StridedView, StopsWhenTheSinkStops) {
  const std::vector<std::byte> storage(64);
  int pieces = 0;
  gather({{16}, {1}, 4}, storage, 8, [&](std::span<std::byte>) { return ++pieces < 3; });
  EXPECT_EQ(pieces, 3);
}

using io::fails_with;

class StridedFile : public testing::Test {
 protected:
  std::string push(std::uint64_t offset, const StridedLayout& layout, const ElementChange& change) {
    std::string text;
    push_strided(file_, offset, layout, change, [&](std::span<const std::byte> piece) {
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return true;
    });
    return text;
  }
  static void reverse_pairs(std::span<std::byte> elements) {
    for (std::size_t i = 0; i + 1 < elements.size(); i += 2)
      std::swap(elements[i], elements[i + 1]);
  }

  io::TemporaryFolder folder_;
  io::InputFile file_{folder_.write("f", "..abcdef")};
};

TEST_F(StridedFile, StreamsContiguousBytes) {
  EXPECT_EQ(push(2, {{2, 3}, {3, 1}, 1}, nullptr), "abcdef");
  EXPECT_EQ(push(2, {{3}, {1}, 2}, nullptr), "abcdef");
  EXPECT_EQ(push(3, {{}, {}, 2}, nullptr), "bc");
}

TEST_F(StridedFile, ReordersElements) {
  EXPECT_EQ(push(2, {{3, 2}, {1, 3}, 1}, nullptr), "adbecf");
}

TEST_F(StridedFile, ChangesElements) {
  EXPECT_EQ(push(2, {{3}, {1}, 2}, reverse_pairs), "badcfe");
  EXPECT_EQ(push(2, {{2}, {2}, 2}, reverse_pairs), "bafe");
}

TEST_F(StridedFile, AnEmptyViewPushesNothing) {
  EXPECT_EQ(push(8, {{0, 3}, {3, 1}, 1}, nullptr), "");
}

TEST_F(StridedFile, AViewBeyondTheFileIsRejected) {
  EXPECT_THAT([&] { (void)push(3, {{2, 3}, {3, 1}, 1}, nullptr); },
              fails_with(ErrorCode::corrupt, "a tensor's bytes needs 6 bytes"));
  EXPECT_THAT([&] { (void)push(3, {{3, 2}, {1, 3}, 1}, nullptr); },
              fails_with(ErrorCode::corrupt, "a tensor's storage needs 6 bytes"));
  EXPECT_THAT([&] { (void)push(6, {{3}, {1}, 2}, reverse_pairs); },
              fails_with(ErrorCode::corrupt, "a tensor's bytes needs 6 bytes"));
}

TEST_F(StridedFile, LargeViewsAreTheSame) {
  // Larger than a view that is read whole, and than a piece.
  constexpr std::int64_t kRows = 5'000;
  constexpr std::int64_t kColumns = 7'001;
  std::string content(kRows * kColumns, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 31 >> 7);
  file_ = io::InputFile(folder_.write("large", content));
  const std::string turned = push(0, {{kColumns, kRows}, {1, kColumns}, 1}, nullptr);
  ASSERT_EQ(turned.size(), content.size());
  bool same = true;
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (std::int64_t column = 0; column < kColumns; ++column) {
      same &= turned[column * kRows + row] == content[row * kColumns + column];
    }
  }
  EXPECT_TRUE(same);
  const auto flip = [](std::span<std::byte> elements) {
    for (std::byte& byte : elements) byte = ~byte;
  };
  std::transform(content.begin(), content.end(), content.begin(),
                 [](char c) { return static_cast<char>(~c); });
  EXPECT_TRUE(push(0, {{kRows * kColumns}, {1}, 1}, flip) == content);
}

TEST_F(StridedFile, StopsWhenTheSinkStops) {
  for (const ElementChange& change : {ElementChange(), ElementChange(reverse_pairs)}) {
    int pieces = 0;
    file_ = io::InputFile(folder_.write("f", std::string(10 << 20, 'x')));
    push_strided(file_, 0, {{10 << 20}, {1}, 1}, change,
                 [&](std::span<const std::byte>) { return ++pieces < 2; });
    EXPECT_EQ(pieces, 2);
  }
}

}  // namespace
}  // namespace lancekeep
