// SPDX-License-Identifier: Apache-2.0
#include "io/input_file.h"

#include "io/descriptor.h"
#include "io/memory_budget.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>

namespace lancekeep::io {
namespace {

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

TEST_F(InputFileTest, RejectsAMissingFile) {
  EXPECT_THAT([&] { InputFile(folder_.path() / "none"); },
              fails_with(ErrorCode::not_found, "none: cannot open: No such file"));
}

TEST_F(InputFileTest, RejectsAFolder) {
  EXPECT_THAT([&] { InputFile(folder_.path()); },
              fails_with(ErrorCode::io, "expected a file, found a folder"));
}

TEST_F(InputFileTest, RejectsAPipeWithoutWaitingForIt) {
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT([&] { InputFile{pipe}; },
              fails_with(ErrorCode::io, "expected a file, found a device, pipe or socket"));
}

TEST_F(InputFileTest, RejectsANulInThePath) {
  EXPECT_THAT([&] { InputFile(path_.string() + std::string("\0x", 2)); },
              fails_with(ErrorCode::invalid_argument, "a NUL in it"));
}

TEST_F(InputFileTest, RejectsARangeBeyondTheEnd) {
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

TEST_F(InputFileTest, RejectsNumbersThatWouldWrap) {
  const InputFile file(path_);
  EXPECT_THAT([&] { (void)file.read(1, UINT64_MAX, "header"); },
              fails_with(ErrorCode::corrupt, "header needs 18446744073709551615 bytes"));
  EXPECT_THAT([&] { (void)file.read(UINT64_MAX, 2, "header"); },
              fails_with(ErrorCode::corrupt, "at byte 18446744073709551615"));
}

TEST_F(InputFileTest, ReportsAFileThatWasTruncatedMeanwhile) {
  const InputFile file(path_);
  std::filesystem::resize_file(path_, 4);
  EXPECT_THAT([&] { (void)file.read(2, 8, "header"); },
              fails_with(ErrorCode::corrupt, "at byte 4: the file ends here, 6 bytes too early"));
}

TEST_F(InputFileTest, PassesTheRequestedRangeInPieces) {
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

TEST_F(InputFileTest, StopsIfTheSinkReturnsFalse) {
  const InputFile file(folder_.write("large", std::string(9 << 20, 'x')));
  int pieces = 0;
  file.read_pieces(0, file.size(), "value",
                   [&](std::span<const std::byte>) { return ++pieces < 2; });
  EXPECT_EQ(pieces, 2);
}

TEST_F(InputFileTest, RejectsPiecesBeyondTheEnd) {
  const InputFile file(path_);
  EXPECT_THAT([&] { file.read_pieces(8, 3, "value", [](auto) { return true; }); },
              fails_with(ErrorCode::corrupt, "at byte 8: value needs 3 bytes"));
}

Descriptor open(const std::filesystem::path& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  EXPECT_TRUE(file.is_open());
  return file;
}

using ToView = ByteView (*)(int descriptor, const std::string& file, MapMode mode);

// Mapping a file and reading it have the same result.
class MappingTest : public testing::TestWithParam<ToView> {
 protected:
  ByteView view(const std::filesystem::path& path, MapMode mode) const {
    return GetParam()(open(path, O_RDONLY).get(), path.string(), mode);
  }
  TemporaryFolder folder_;
};

TEST_P(MappingTest, HasTheWholeFileAlignedToPages) {
  const std::string content(10'000, 'x');
  const ByteView bytes = view(folder_.write("f", content), MapMode::read_only);
  EXPECT_EQ(bytes.text(), content);
  EXPECT_EQ(bytes.file(), (folder_.path() / "f").string());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.bytes().data()) % 4096, 0u);
}

TEST_P(MappingTest, EmptyFileIsAnEmptyView) {
  const ByteView bytes = view(folder_.write("f", ""), MapMode::copy_on_write);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.file(), (folder_.path() / "f").string());
}

TEST_P(MappingTest, CopyOnWriteLeavesTheFileAlone) {
  const ByteView bytes = view(folder_.write("f", "abc"), MapMode::copy_on_write);
  const_cast<std::byte&>(bytes.bytes()[1]) = std::byte{'X'};
  EXPECT_EQ(bytes.text(), "aXc");
  EXPECT_EQ(folder_.read("f"), "abc");
}

TEST_P(MappingTest, ReadOnlyCannotBeWritten) {
  const ByteView bytes = view(folder_.write("f", "abc"), MapMode::read_only);
  EXPECT_DEATH(const_cast<volatile std::byte&>(bytes.bytes()[1]) = std::byte{'X'}, "");
}

TEST_P(MappingTest, RejectsAFolder) {
  EXPECT_THAT([&] { (void)view(folder_.path(), MapMode::read_only); },
              fails_with(ErrorCode::io, "expected a file, found a folder"));
}

INSTANTIATE_TEST_SUITE_P(Ways, MappingTest, testing::Values(&map_descriptor, &read_into_pages),
                         [](const auto& way) { return way.index == 0 ? "Mapped" : "Read"; });

TEST(Mapping, ReadsTheFileIfMmapFails) {
  const TemporaryFolder folder;
  const auto path = folder.write("f", "abc");
  // mmap rejects a descriptor that is not open for reading, and so does the read that follows.
  EXPECT_THAT(
      [&] { (void)map_descriptor(open(path, O_WRONLY).get(), path.string(), MapMode::read_only); },
      fails_with(ErrorCode::io, "cannot read: Bad file descriptor"));
}

TEST(Mapping, RejectsAFileThatDoesNotFitInMemory) {
  const TemporaryFolder folder;
  const auto path = folder.write("f", "");
  std::filesystem::resize_file(path, 2 * available_memory());
  EXPECT_THAT(
      [&] { (void)read_into_pages(open(path, O_RDONLY).get(), path.string(), MapMode::read_only); },
      fails_with(ErrorCode::io, "bytes of memory, but only"));
}

TEST(Mapping, KnowsNetworkFileSystems) {
  EXPECT_TRUE(is_network_file_system(0x6969));
  EXPECT_TRUE(is_network_file_system(0xff534d42));
  EXPECT_FALSE(is_network_file_system(0xef53));      // ext4
  EXPECT_FALSE(is_network_file_system(0x01021994));  // tmpfs
}

}  // namespace
}  // namespace lancekeep::io
