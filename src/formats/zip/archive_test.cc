// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/archive.h"

#include "formats/zip/zip_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

class ZipArchiveTest : public ZipTest {};

TEST_F(ZipArchiveTest, FindsEntriesAndTheirBytes) {
  const ZipArchive archive = open(two_);
  ASSERT_EQ(archive.entries().size(), 2u);
  ASSERT_NE(archive.find("m/data/0"), nullptr);
  EXPECT_EQ(archive.read(*archive.find("m/data/0"), 100).text(), "bytes");
  EXPECT_EQ(archive.find("m/data/1"), nullptr);
  EXPECT_EQ(archive.find("a"), nullptr);
  EXPECT_EQ(archive.find("z"), nullptr);
}

TEST_F(ZipArchiveTest, EntriesKeepTheDirectorysOrder) {
  const ZipArchive archive = open(zip_of({{"z", "1"}, {"a", "2"}, {"m", "3"}}));
  ASSERT_EQ(archive.entries().size(), 3u);
  EXPECT_EQ(archive.entries()[0].name, "z");
  EXPECT_EQ(archive.entries()[1].name, "a");
  EXPECT_EQ(archive.entries()[2].name, "m");
  EXPECT_EQ(archive.read(*archive.find("m"), 1).text(), "3");
}

TEST_F(ZipArchiveTest, AnEmptyArchiveHasNoEntries) {
  const ZipArchive archive = open(zip_of({}));
  EXPECT_TRUE(archive.entries().empty());
  EXPECT_EQ(archive.find(""), nullptr);
}

TEST_F(ZipArchiveTest, ANameTwiceIsRefused) {
  EXPECT_THAT(opening(zip_of({{"a", "1"}, {"b", "2"}, {"a", "3"}})),
              fails_with(ErrorCode::corrupt, "two entries named `a`"));
}

TEST_F(ZipArchiveTest, OverlappingEntriesAreRefused) {
  // Both records lead to the first local header.
  const std::string bytes = zip_of({{"a", "12345"}, {"b", "12345"}});
  EXPECT_THAT(opening(changed(bytes, kZipCentral, 42, std::string(4, '\0'))),
              fails_with(ErrorCode::corrupt, "what follows it starts at 0"));
}

TEST_F(ZipArchiveTest, AnEntryWithinAnotherIsRefused) {
  // The second entry's header and bytes stand in the first one's bytes.
  const std::string inner = zip_of({{"b", "1"}}).substr(0, kZipLocalSize + 2);
  std::string bytes = zip_of({{"a", inner}, {"b", "1"}});
  bytes = changed(bytes, kZipCentral, 42, little_endian(kZipLocalSize + 1, 4));
  EXPECT_THAT(opening(bytes),
              fails_with(ErrorCode::corrupt, "`a` has 32 bytes, which reach past 31"));
}

TEST_F(ZipArchiveTest, BytesThatReachIntoTheDirectoryAreRefused) {
  EXPECT_THAT(opening(changed(one_, kZipLocal, 28, "\x01")),
              fails_with(ErrorCode::corrupt, "has 5 bytes, which reach past 36"));
}

TEST_F(ZipArchiveTest, CompressedEntriesAreRefusedWhereTheyAreWanted) {
  std::string bytes = changed(two_, kZipCentral, 10, "\x08");
  bytes = changed(bytes, kZipLocal, 8, "\x08");
  const ZipArchive archive = open(bytes);
  EXPECT_EQ(archive.read(*archive.find("m/data.pkl"), 100).text(), "pickle");
  EXPECT_THAT([&] { (void)archive.read(*archive.find("m/data/0"), 100); },
              fails_with(ErrorCode::unsupported, "`m/data/0` is compressed (method 8)"));
}

TEST_F(ZipArchiveTest, ACompressedArrayIsRefusedWithAdviceOnNumPy) {
  std::string bytes = changed(zip_of({{"w.npy", "x"}}), kZipCentral, 10, "\x08");
  bytes = changed(bytes, kZipLocal, 8, "\x08");
  const ZipArchive archive = open(bytes);
  EXPECT_THAT([&] { archive.require_stored(*archive.find("w.npy")); },
              fails_with(ErrorCode::unsupported, "write it with numpy.savez"));
}

TEST_F(ZipArchiveTest, AnEntryAboveTheReadersLimitIsRefused) {
  const ZipArchive archive = open(two_);
  EXPECT_THAT([&] { (void)archive.read(*archive.find("m/data/0"), 4); },
              fails_with(ErrorCode::unsupported, "has 5 bytes; at most 4 are read"));
}

TEST_F(ZipArchiveTest, EntriesAreTakenFromTheBudgetBeforeTheyAreRead) {
  const io::InputFile file(folder_.write("a.zip", two_));
  io::MemoryBudget budget(100, "a.zip");
  EXPECT_THAT([&] { ZipArchive(file, budget); },
              fails_with(ErrorCode::unsupported, "the zip directory would take more than 100"));
  io::MemoryBudget enough(1000, "a.zip");
  EXPECT_EQ(ZipArchive(file, enough).entries().size(), 2u);
  EXPECT_LT(enough.left(), 1000 - 2 * sizeof(ZipEntry));
}

TEST_F(ZipArchiveTest, LongNamesAreTakenFromTheBudget) {
  const std::string name(0xFFFF, 'n');
  EXPECT_EQ(open(zip_of({{name, "x"}})).entries()[0].name, name);
  const io::InputFile file(folder_.write("a.zip", zip_of({{name, "x"}})));
  io::MemoryBudget budget(60'000, "a.zip");
  EXPECT_THAT([&] { ZipArchive(file, budget); },
              fails_with(ErrorCode::unsupported, "the zip directory would take more than 60000"));
}

TEST_F(ZipArchiveTest, ADirectoryOfManyWindowsIsRead) {
  ZipContent content;
  for (int i = 0; i < 40; ++i)
    content.emplace_back(std::to_string(i) + std::string(65'000, 'n'), "x");
  const ZipArchive archive = open(zip_of(content));
  ASSERT_EQ(archive.entries().size(), content.size());
  for (std::size_t i = 0; i < content.size(); ++i) {
    EXPECT_EQ(archive.entries()[i].name, content[i].first);
  }
}

TEST_F(ZipArchiveTest, MoreEntriesThan16BitsCountNeedZip64) {
  ZipContent content;
  for (int i = 0; i < 0x10001; ++i) content.emplace_back(std::to_string(i), "");
  const std::string bytes = zip_of(content);  // whose end record counts 1
  EXPECT_THAT(opening(bytes), fails_with(ErrorCode::corrupt, "after its last entry, number 1"));
  const std::string wide =
      changed(with_zip64_end(bytes, content.size()), kZipEnd, 8, std::string(4, '\xff'));
  EXPECT_EQ(open(wide).entries().size(), 0x10001u);
}

TEST_F(ZipArchiveTest, As16BitsCountItNeedsNoZip64) {
  ZipContent content;
  for (int i = 0; i < 0xFFFF; ++i) content.emplace_back(std::to_string(i), "");
  EXPECT_EQ(open(zip_of(content)).entries().size(), 0xFFFFu);
}

}  // namespace
}  // namespace lancekeep::formats
