// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/crc32.h"

#include <gtest/gtest.h>

#include <string>

namespace lancekeep::formats {
namespace {

std::uint32_t crc_of(const std::string& text) {
  Crc32 crc;
  crc.add(std::as_bytes(std::span(text)));
  return crc.value();
}

TEST(Crc32, HasTheCheckValue) {
  EXPECT_EQ(crc_of(""), 0u);
  EXPECT_EQ(crc_of("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc_of("The quick brown fox jumps over the lazy dog"), 0x414FA339u);
}

TEST(Crc32, AnySplitHasTheSameChecksum) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += static_cast<char>(i * 37);
  const std::uint32_t whole = crc_of(text);
  for (std::size_t split = 0; split <= text.size(); ++split) {
    Crc32 crc;
    crc.add(std::as_bytes(std::span(text).first(split)));
    crc.add(std::as_bytes(std::span(text).subspan(split)));
    EXPECT_EQ(crc.value(), whole) << split;
  }
}

}  // namespace
}  // namespace lancekeep::formats
