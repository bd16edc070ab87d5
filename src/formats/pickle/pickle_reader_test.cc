// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/pickle_reader.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

std::string_view kept(const PickleText& text) { return {text.kept, text.length}; }

class PickleReaderTest : public testing::Test {
 protected:
  io::InputFile file(const std::string& bytes) { return io::InputFile(folder_.write("m", bytes)); }
  io::TemporaryFolder folder_;
};

TEST_F(PickleReaderTest, ReadsNumbersAndTexts) {
  PickleReader in(file("xx\x01\x02\x03\x04\x05\x06\x07"
                       "abc\nd"),
                  2, 14);
  EXPECT_EQ(in.u8("a"), 1u);
  EXPECT_EQ(in.u16("a"), 0x0302u);
  EXPECT_EQ(in.u32("a"), 0x07060504u);
  EXPECT_EQ(in.position(), 9u);
  EXPECT_EQ(kept(in.text(2, "a")), "ab");
  EXPECT_EQ(in.line(10, "a"), "c");
  EXPECT_EQ(in.remaining(), 1u);
}

TEST_F(PickleReaderTest, ReadsAcrossWindows) {
  std::string bytes;
  for (std::size_t i = 0; bytes.size() < 1'000'000; ++i) bytes += std::to_string(i) + "\n";
  PickleReader in(file(bytes), 0, bytes.size());
  for (std::size_t i = 0; in.remaining() > 0; ++i) ASSERT_EQ(in.line(20, "a"), std::to_string(i));
}

TEST_F(PickleReaderTest, LongTextsStayInTheFile) {
  PickleReader in(file("abc" + std::string(kLongestKeptText + 1, 'x') + "d"), 3,
                  kLongestKeptText + 5);
  const PickleText text = in.text(kLongestKeptText + 1, "a");
  EXPECT_EQ(text.kept, nullptr);
  EXPECT_EQ(text.offset, 3u);
  EXPECT_EQ(text.length, kLongestKeptText + 1);
  EXPECT_EQ(in.u8("a"), static_cast<std::uint8_t>('d'));
}

TEST_F(PickleReaderTest, TheEndIsTheGivenOffset) {
  PickleReader in(file("abcdef"), 0, 3);
  EXPECT_THAT([&] { (void)in.u32("a number"); },
              fails_with(ErrorCode::corrupt, "a number needs 4 bytes, but only 3 remain"));
  EXPECT_THAT([&] { (void)in.text(UINT64_MAX, "a text"); },
              fails_with(ErrorCode::corrupt, "but only 3 remain"));
  EXPECT_THAT([&] { (void)in.line(10, "a name"); },
              fails_with(ErrorCode::corrupt, "a name does not end within 3 bytes"));
}

}  // namespace
}  // namespace lancekeep::formats
