// SPDX-License-Identifier: Apache-2.0
#include "io/input_file.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <array>
#include <limits>

namespace lancekeep::io {
namespace {

constexpr auto kMax64 = std::numeric_limits<std::uint64_t>::max();

class InputFileTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.write("model", "0123456789");
};

TEST_F(InputFileTest, ReadsRanges) {
  const InputFile file(path_);
  EXPECT_EQ(file.size(), 10u);
  EXPECT_EQ(file.name(), path_.string());
  const ByteView part = file.read(3, 4, "part");
  EXPECT_EQ(part.text(), "3456");
  EXPECT_EQ(part.base(), 3u);
  EXPECT_EQ(file.read(10, 0, "nothing").size(), 0u);
  std::array<std::byte, 2> two;
  file.read_at(8, two, "two");
  EXPECT_EQ(std::to_integer<char>(two[1]), '9');
}

TEST_F(InputFileTest, CopiesAndMappingsOutliveTheFile) {
  ByteView mapped;
  ByteView part;
  {
    const InputFile copy = InputFile(path_);
    mapped = copy.map();
    part = copy.read(0, 2, "part");
  }
  std::filesystem::remove(path_);
  EXPECT_EQ(mapped.text(), "0123456789");
  EXPECT_EQ(part.text(), "01");
}

TEST_F(InputFileTest, RefusesAMissingFile) {
  EXPECT_THAT([&] { InputFile(folder_.path() / "none"); },
              fails_with(ErrorCode::not_found, "none: cannot open: No such file"));
}

TEST_F(InputFileTest, RefusesAFolder) {
  EXPECT_THAT([&] { InputFile(folder_.path()); },
              fails_with(ErrorCode::io, "expected a file, found a folder"));
}

TEST_F(InputFileTest, RefusesAPipeWithoutWaitingForIt) {
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT([&] { InputFile{pipe}; },
              fails_with(ErrorCode::io, "expected a file, found a device, pipe or socket"));
}

TEST_F(InputFileTest, RefusesANulInThePath) {
  EXPECT_THAT([&] { InputFile(path_.string() + std::string("\0x", 2)); },
              fails_with(ErrorCode::invalid_argument, "a NUL in it"));
}

TEST_F(InputFileTest, RefusesARangeBeyondTheEnd) {
  const InputFile file(path_);
  EXPECT_THAT([&] { (void)file.read(8, 3, "header"); },
              fails_with(ErrorCode::corrupt,
                         "at byte 8: header needs 3 bytes from here on, but the file has only 10"));
  std::array<std::byte, 3> out;
  EXPECT_THAT([&] { file.read_at(8, out, "header"); },
              fails_with(ErrorCode::corrupt, "at byte 8: header needs 3 bytes"));
  EXPECT_THAT([&] { (void)file.read(11, 0, "header"); },
              fails_with(ErrorCode::corrupt, "at byte 11: header needs 0 bytes"));
}

TEST_F(InputFileTest, RefusesNumbersThatWouldWrap) {
  const InputFile file(path_);
  EXPECT_THAT([&] { (void)file.read(1, kMax64, "header"); },
              fails_with(ErrorCode::corrupt, "header needs 18446744073709551615 bytes"));
  EXPECT_THAT([&] { (void)file.read(kMax64, 2, "header"); },
              fails_with(ErrorCode::corrupt, "at byte 18446744073709551615"));
}

TEST_F(InputFileTest, TellsThatAFileWasCutShortMeanwhile) {
  const InputFile file(path_);
  std::filesystem::resize_file(path_, 4);
  EXPECT_THAT([&] { (void)file.read(2, 8, "header"); },
              fails_with(ErrorCode::corrupt, "at byte 4: the file ends here, 6 bytes too early"));
}

TEST_F(InputFileTest, HandsOverPiecesOfWhatIsAskedFor) {
  const std::string content(9 << 20, 'x');
  const InputFile file(folder_.write("large", "ab" + content + "cd"));
  std::string seen;
  std::size_t largest = 0;
  file.read_pieces(1, content.size() + 2, "value", [&](std::span<const std::byte> piece) {
    seen.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    largest = std::max(largest, piece.size());
    return true;
  });
  EXPECT_EQ(seen, "b" + content + "c");
  EXPECT_LT(largest, content.size());
}

TEST_F(InputFileTest, StopsWhenTheSinkHasSeenEnough) {
  const InputFile file(folder_.write("large", std::string(9 << 20, 'x')));
  int pieces = 0;
  file.read_pieces(0, file.size(), "value",
                   [&](std::span<const std::byte>) { return ++pieces < 2; });
  EXPECT_EQ(pieces, 2);
}

TEST_F(InputFileTest, RefusesPiecesBeyondTheEnd) {
  const InputFile file(path_);
  EXPECT_THAT([&] { file.read_pieces(8, 3, "value", [](auto) { return true; }); },
              fails_with(ErrorCode::corrupt, "at byte 8: value needs 3 bytes"));
}

}  // namespace
}  // namespace lancekeep::io
