// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/general.h"

#include "lance/encoding/encoding_testing.h"

#include <lz4.h>
#include <zstd.h>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kEnough = 1 << 30;
const std::string text = "tensor tensor tensor tensor tensor tensor";

std::string lz4(const std::string& content, std::uint32_t claimed) {
  std::string block(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(content.size()))),
                    '\0');
  block.resize(static_cast<std::size_t>(LZ4_compress_default(content.data(), block.data(),
                                                             static_cast<int>(content.size()),
                                                             static_cast<int>(block.size()))));
  return raw<std::uint32_t>({claimed}) + block;
}

std::string zstd(const std::string& content, std::uint64_t claimed) {
  std::string frame(ZSTD_compressBound(content.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), content.data(), content.size(), 1));
  return raw<std::uint64_t>({claimed}) + frame;
}

TEST(GeneralTest, ReadsLz4) {
  EXPECT_EQ(decompress(view(lz4(text, 41)), GeneralScheme::lz4, kEnough).text(), text);
}

TEST(GeneralTest, ReadsZstd) {
  EXPECT_EQ(decompress(view(zstd(text, 41)), GeneralScheme::zstd, kEnough).text(), text);
}

TEST(GeneralTest, ReadsNothing) {
  EXPECT_EQ(decompress(view(lz4("", 0)), GeneralScheme::lz4, kEnough).text(), "");
  EXPECT_EQ(decompress(view(zstd("", 0)), GeneralScheme::zstd, kEnough).text(), "");
}

TEST(GeneralTest, ReadsVeryCompressibleBytes) {
  const std::string zeros(10'000'000, '\0');
  EXPECT_EQ(decompress(view(zstd(zeros, zeros.size())), GeneralScheme::zstd, kEnough).text(),
            zeros);
  EXPECT_EQ(decompress(view(lz4(zeros, 10'000'000)), GeneralScheme::lz4, kEnough).text(), zeros);
}

TEST(GeneralTest, RefusesMoreBytesThanLz4CanHold) {
  expect_corrupt("claim to hold 4294967295 bytes",
                 [] { (void)decompress(view(lz4(text, ~0U)), GeneralScheme::lz4, kEnough); });
}

TEST(GeneralTest, RefusesMoreBytesThanZstdCanHold) {
  expect_corrupt("claim to hold 18446744073709551615 bytes", [] {
    (void)decompress(view(zstd(text, ~std::uint64_t{0})), GeneralScheme::zstd, kEnough);
  });
}

TEST(GeneralTest, RefusesMoreBytesThanTheCallerHasAUseFor) {
  for (const auto& [bytes, scheme] : {std::pair(lz4(text, 41), GeneralScheme::lz4),
                                      std::pair(zstd(text, 41), GeneralScheme::zstd)}) {
    EXPECT_EQ(decompress(view(bytes), scheme, 41).text(), text);
    expect_corrupt(
        "claim to hold 41 bytes, more than they can, or than the page has a use for "
        "(limit 40)",
        [&] { (void)decompress(view(bytes), scheme, 40); });
  }
}

TEST(GeneralTest, RefusesAnLz4SizeThatIsTooLarge) {
  expect_corrupt("does not decompress to the 42 bytes",
                 [] { (void)decompress(view(lz4(text, 42)), GeneralScheme::lz4, kEnough); });
}

TEST(GeneralTest, RefusesAnLz4SizeThatIsTooSmall) {
  expect_corrupt("does not decompress to the 40 bytes",
                 [] { (void)decompress(view(lz4(text, 40)), GeneralScheme::lz4, kEnough); });
}

TEST(GeneralTest, RefusesAZstdSizeThatIsTooLarge) {
  expect_corrupt("a zstd frame holds 41 bytes, expected 42",
                 [] { (void)decompress(view(zstd(text, 42)), GeneralScheme::zstd, kEnough); });
}

TEST(GeneralTest, RefusesAZstdSizeThatIsTooSmall) {
  expect_corrupt("a zstd frame is damaged",
                 [] { (void)decompress(view(zstd(text, 40)), GeneralScheme::zstd, kEnough); });
}

TEST(GeneralTest, RefusesEveryPrefix) {
  for (const auto& [bytes, scheme] :
       {std::pair{lz4(text, 41), GeneralScheme::lz4}, {zstd(text, 41), GeneralScheme::zstd}}) {
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_THROW((void)decompress(view(bytes.substr(0, length)), scheme, kEnough), Error)
          << length;
    }
  }
}

}  // namespace
}  // namespace lancekeep::lance
