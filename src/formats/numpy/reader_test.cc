// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/reader.h"

#include "formats/numpy/numpy_testing.h"
#include "formats/zip/zip_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

class NumpyReader : public testing::Test {
 protected:
  std::unique_ptr<TensorSource> open(const io::InputFile& file) {
    io::MemoryBudget budget(file);
    return open_npz(file, ZipArchive(file, budget), budget);
  }
  std::unique_ptr<TensorSource> open(const ZipContent& content) {
    return open(io::InputFile(write_archive(folder_ / "m.npz", content)));
  }
  auto opening(const ZipContent& content) {
    return [this, content] { (void)open(content); };
  }
  bool is_archive_of_numpy(const ZipContent& content) {
    return is_npz(ZipArchive(io::InputFile(write_archive(folder_ / "m.npz", content))));
  }

  io::TemporaryFolder folder_;
  const std::string bytes_ = npy_of(npy_header("'|u1'", "(2, 2)"), "abcd");
  const std::string turned_ = npy_of(npy_header("'|u1'", "(2, 2)", "True"), "acbd");
};

TEST_F(NumpyReader, GivesTheArchivesArraysInItsOrder) {
  const auto source = open({{"z.weight.npy", bytes_}, {"a.npy", turned_}, {".npy", bytes_}});
  ASSERT_EQ(source->tensors().size(), 3u);
  EXPECT_EQ(source->tensors()[0].name, "z.weight");
  EXPECT_EQ(source->tensors()[1].name, "a");
  EXPECT_EQ(source->tensors()[2].name, "");
  EXPECT_EQ(source->tensors()[0].dtype, "uint8");
  EXPECT_EQ(source->tensors()[0].shape, (Shape{2, 2}));
  EXPECT_EQ(source->tensors()[0].nbytes, 4u);
  EXPECT_EQ(bytes_of(*source, 0), "abcd");
  EXPECT_EQ(bytes_of(*source, 1), "abcd");
  EXPECT_EQ(bytes_of(*source, 1), "abcd");
}

TEST_F(NumpyReader, GivesAFilesOneArray) {
  const auto source = open_npy(io::InputFile(folder_.write("w.npy", turned_)), "w");
  ASSERT_EQ(source->tensors().size(), 1u);
  EXPECT_EQ(source->tensors()[0].name, "w");
  EXPECT_EQ(bytes_of(*source, 0), "abcd");
}

TEST_F(NumpyReader, AFileWhoseNameIsNoUtf8IsRefused) {
  const io::InputFile file(folder_.write("w.npy", bytes_));
  EXPECT_THAT([&] { (void)open_npy(file, "\xff"); },
              fails_with(ErrorCode::invalid_argument, "is not UTF-8; rename it"));
}

TEST_F(NumpyReader, TellsItsArchivesFromOthers) {
  EXPECT_TRUE(is_archive_of_numpy({}));
  EXPECT_TRUE(is_archive_of_numpy({{"w.npy", ""}}));
  EXPECT_TRUE(is_archive_of_numpy({{"notes.txt", ""}, {"w.npy", ""}}));
  EXPECT_FALSE(is_archive_of_numpy({{"notes.txt", ""}}));
  EXPECT_FALSE(is_archive_of_numpy({{"m/data.pkl", ""}, {"m/data/0.npy", ""}}));
}

TEST_F(NumpyReader, EntriesOfAnotherKindAreRefusedByName) {
  EXPECT_THAT(opening({{"w.npy", bytes_}, {"notes.txt", "x"}}),
              fails_with(ErrorCode::unsupported, "`notes.txt` is no .npy array"));
  EXPECT_THAT(opening({{"w.npy", bytes_}, {"folder/", ""}}),
              fails_with(ErrorCode::unsupported, "`folder/` is no .npy array"));
}

TEST_F(NumpyReader, ArraysThatAreNoneAreRefusedByName) {
  EXPECT_THAT(opening({{"w.npy", "x"}}),
              fails_with(ErrorCode::corrupt, "the array `w` does not start with"));
  EXPECT_THAT(opening({{"w.npy", ""}}),
              fails_with(ErrorCode::corrupt, "the array `w` does not start with"));
}

TEST_F(NumpyReader, NamesThatAreNotMarkedAsUtf8AreRefused) {
  const std::string archive = zip_of({{"\xc3\xa4.npy", bytes_}});
  EXPECT_THAT([&] { (void)open(io::InputFile(folder_.write("m.npz", archive))); },
              fails_with(ErrorCode::unsupported, "or not marked as such"));
  std::string marked = changed(zip_of({{"\xff.npy", bytes_}}), kZipCentral, 9, "\x08");
  marked = changed(marked, kZipLocal, 7, "\x08");
  EXPECT_THAT([&] { (void)open(io::InputFile(folder_.write("m.npz", marked))); },
              fails_with(ErrorCode::unsupported, "has a name that is not UTF-8"));
}

TEST_F(NumpyReader, ChangedBytesAreFoundWhenTheyAreRead) {
  for (const std::string& array : {bytes_, turned_}) {
    const std::string before = zip_of({{"w.npy", array}});  // whose checksum is 0
    const auto source = open(io::InputFile(folder_.write("m.npz", before)));
    EXPECT_THAT([&] { (void)bytes_of(*source, 0); },
                fails_with(ErrorCode::corrupt, "the array `w` have the checksum"));
  }
}

TEST_F(NumpyReader, AReadThatStopsEarlyVerifiesNothing) {
  const auto source = open(io::InputFile(folder_.write("m.npz", zip_of({{"w.npy", bytes_}}))));
  std::size_t seen = 0;
  source->read(0, [&](std::span<const std::byte> piece) {
    seen += piece.size();
    return false;
  });
  EXPECT_EQ(seen, 4u);
}

TEST_F(NumpyReader, TheListIsTakenFromTheBudget) {
  const io::InputFile file(write_archive(folder_ / "m.npz", {{"w.npy", bytes_}}));
  const ZipArchive archive(file);
  io::MemoryBudget budget(100, "m.npz");
  EXPECT_THAT([&] { (void)open_npz(file, archive, budget); },
              fails_with(ErrorCode::unsupported, "list of arrays would take more than 100 bytes"));
}

}  // namespace
}  // namespace lancekeep::formats
