// SPDX-License-Identifier: Apache-2.0
#include "tensor/strided_file.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lancekeep {
namespace {

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

TEST_F(StridedFile, PushesBytesInARow) {
  EXPECT_EQ(push(2, {{2, 3}, {3, 1}, 1}, nullptr), "abcdef");
  EXPECT_EQ(push(2, {{3}, {1}, 2}, nullptr), "abcdef");
  EXPECT_EQ(push(3, {{}, {}, 2}, nullptr), "bc");
}

TEST_F(StridedFile, PutsAnotherOrderInOrder) {
  EXPECT_EQ(push(2, {{3, 2}, {1, 3}, 1}, nullptr), "adbecf");
}

TEST_F(StridedFile, ChangesElements) {
  EXPECT_EQ(push(2, {{3}, {1}, 2}, reverse_pairs), "badcfe");
  EXPECT_EQ(push(2, {{2}, {2}, 2}, reverse_pairs), "bafe");
}

TEST_F(StridedFile, NothingIsPushedOfAnEmptyView) {
  EXPECT_EQ(push(8, {{0, 3}, {3, 1}, 1}, nullptr), "");
}

TEST_F(StridedFile, AViewBeyondTheFileIsRefused) {
  EXPECT_THAT([&] { (void)push(3, {{2, 3}, {3, 1}, 1}, nullptr); },
              fails_with(ErrorCode::corrupt, "a tensor's bytes needs 6 bytes"));
  EXPECT_THAT([&] { (void)push(3, {{3, 2}, {1, 3}, 1}, nullptr); },
              fails_with(ErrorCode::corrupt, "a tensor's storage needs 6 bytes"));
  EXPECT_THAT([&] { (void)push(6, {{3}, {1}, 2}, reverse_pairs); },
              fails_with(ErrorCode::corrupt, "a tensor's bytes needs 6 bytes"));
}

TEST_F(StridedFile, LargeViewsAreTheSame) {
  // Larger than what is read before it is put in order, and than a piece.
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

TEST_F(StridedFile, StopsWhereTheSinkHasEnough) {
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
