// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/zip_archive.h"

#include "formats/zip/zip_entry.h"
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

TEST_F(ZipArchiveTest, ARepeatedNameIsRejected) {
  EXPECT_THAT(opening(zip_of({{"a", "1"}, {"b", "2"}, {"a", "3"}})),
              fails_with(ErrorCode::corrupt, "two entries named `a`"));
}

TEST_F(ZipArchiveTest, OverlappingEntriesAreRejected) {
  // Both records point to the first local header.
  const std::string bytes = zip_of({{"a", "12345"}, {"b", "12345"}});
  EXPECT_THAT(opening(changed(bytes, kZipCentral, 42, std::string(4, '\0'))),
              fails_with(ErrorCode::corrupt, "the next entry or the directory starts at 0"));
}

TEST_F(ZipArchiveTest, AnEntryWithinAnotherIsRejected) {
  // The second entry's header and data are within the first entry's data.
  const std::string inner = zip_of({{"b", "1"}}).substr(0, kZipLocalSize + 2);
  std::string bytes = zip_of({{"a", inner}, {"b", "1"}});
  bytes = changed(bytes, kZipCentral, 42, little_endian(kZipLocalSize + 1, 4));
  EXPECT_THAT(opening(bytes),
              fails_with(ErrorCode::corrupt, "`a` has 32 bytes and would extend past 31"));
}

TEST_F(ZipArchiveTest, DataThatExtendsIntoTheDirectoryIsRejected) {
  EXPECT_THAT(opening(changed(one_, kZipLocal, 28, "\x01")),
              fails_with(ErrorCode::corrupt, "has 5 bytes and would extend past 36"));
}

TEST_F(ZipArchiveTest, CompressedEntriesAreRejectedWhenRead) {
  std::string bytes = changed(two_, kZipCentral, 10, "\x08");
  bytes = changed(bytes, kZipLocal, 8, "\x08");
  const ZipArchive archive = open(bytes);
  EXPECT_EQ(archive.read(*archive.find("m/data.pkl"), 100).text(), "pickle");
  EXPECT_THAT([&] { (void)archive.read(*archive.find("m/data/0"), 100); },
              fails_with(ErrorCode::unsupported, "`m/data/0` is compressed (method 8)"));
}

TEST_F(ZipArchiveTest, ACompressedArrayIsRejectedWithAdviceOnNumPy) {
  std::string bytes = changed(zip_of({{"w.npy", "x"}}), kZipCentral, 10, "\x08");
  bytes = changed(bytes, kZipLocal, 8, "\x08");
  const ZipArchive archive = open(bytes);
  EXPECT_THAT([&] { archive.require_stored(*archive.find("w.npy")); },
              fails_with(ErrorCode::unsupported, "write it with numpy.savez"));
}

TEST_F(ZipArchiveTest, AnEntryAboveTheReadersLimitIsRejected) {
  const ZipArchive archive = open(two_);
  EXPECT_THAT([&] { (void)archive.read(*archive.find("m/data/0"), 4); },
              fails_with(ErrorCode::unsupported, "has 5 bytes, expected at most 4"));
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
  const std::string bytes = zip_of(content);  // its end record says that it has 1 entry
  EXPECT_THAT(opening(bytes), fails_with(ErrorCode::corrupt, "after its last entry, number 1"));
  const std::string wide =
      changed(with_zip64_end(bytes, content.size()), kZipEnd, 8, std::string(4, '\xff'));
  EXPECT_EQ(open(wide).entries().size(), 0x10001u);
}

TEST_F(ZipArchiveTest, EntriesThat16BitsCountNeedNoZip64) {
  ZipContent content;
  for (int i = 0; i < 0xFFFF; ++i) content.emplace_back(std::to_string(i), "");
  EXPECT_EQ(open(zip_of(content)).entries().size(), 0xFFFFu);
}

using namespace std::string_literals;

class ZipDirectoryTest : public ZipTest {};

TEST_F(ZipDirectoryTest, ACommentMayFollow) {
  EXPECT_EQ(open(changed(two_, kZipEnd, 20, "\x02") + "hi").entries().size(), 2u);
  EXPECT_EQ(
      open(changed(two_, kZipEnd, 20, "\xff\xff") + std::string(0xFFFF, 'c')).entries().size(), 2u);
}

TEST_F(ZipDirectoryTest, AZip64EndRecordIsRead) {
  const std::string bytes = changed(with_zip64_end(two_, 2), kZipEnd, 8, std::string(12, '\xff'));
  EXPECT_EQ(open(bytes).entries().size(), 2u);
  EXPECT_EQ(open(with_zip64_end(two_, 2)).entries().size(), 2u);
}

TEST_F(ZipDirectoryTest, EveryPrefixIsRejected) {
  for (std::size_t length = 0; length < two_.size(); ++length) {
    EXPECT_THAT(opening(two_.substr(0, length)), fails_with(ErrorCode::corrupt, "end record"));
  }
}

TEST_F(ZipDirectoryTest, BytesAfterTheEndRecordAreRejected) {
  EXPECT_THAT(
      opening(two_ + "more"),
      fails_with(ErrorCode::corrupt, "is followed by 4 bytes, but its comment should have 0"));
}

TEST_F(ZipDirectoryTest, BytesBeforeTheArchiveAreRejected) {
  EXPECT_THAT(opening("#!/bin/sh\n" + two_),
              fails_with(ErrorCode::corrupt, "the zip directory should be at"));
}

TEST_F(ZipDirectoryTest, ASecondEndRecordInTheCommentIsRejected) {
  // The first archive's comment is a whole second archive; both end records end at the end of the
  // file.
  const std::string second = zip_of({{"b", "other"}});
  const std::string both = changed(one_, kZipEnd, 20, little_endian(second.size(), 2)) + second;
  EXPECT_THAT(opening(both), fails_with(ErrorCode::corrupt, "two end records"));
}

TEST_F(ZipDirectoryTest, AnEndRecordInTheCommentThatPointsElsewhereIsRejected) {
  const std::string fake = kZipEnd + std::string(20, 'c');
  EXPECT_THAT(opening(changed(two_, kZipEnd, 20, little_endian(fake.size(), 2)) + fake),
              fails_with(ErrorCode::corrupt, "two end records"));
}

TEST_F(ZipDirectoryTest, AnArchiveWithinAnEntryIsNotASecondEndRecord) {
  EXPECT_EQ(open(zip_of({{"inner.zip", one_}})).entries().size(), 1u);
}

TEST_F(ZipDirectoryTest, EndRecordsThatDisagreeAreRejected) {
  const std::string bytes = with_zip64_end(two_, 2);
  EXPECT_THAT(opening(changed(bytes, kZipEnd, 8, "\x03\0\x03"s)),
              fails_with(ErrorCode::corrupt, "disagree about the number of entries: 3 and 2"));
  EXPECT_THAT(opening(changed(bytes, kZipEnd, 12, "\x01")),
              fails_with(ErrorCode::corrupt, "disagree about the directory's size: 1 and"));
  EXPECT_THAT(opening(changed(bytes, kZipEnd, 16, "\x01")),
              fails_with(ErrorCode::corrupt, "disagree about its offset: 1 and"));
}

TEST_F(ZipDirectoryTest, AZip64CountThatIsTooLargeIsRejected) {
  const std::string bytes =
      changed(with_zip64_end(two_, UINT64_MAX), kZipEnd, 8, "\xff\xff\xff\xff");
  EXPECT_THAT(opening(bytes),
              fails_with(ErrorCode::corrupt, "has 18446744073709551615 entries, but only"));
}

TEST_F(ZipDirectoryTest, AZip64CountThatIsTooSmallIsRejected) {
  const std::string bytes = changed(with_zip64_end(two_, 1), kZipEnd, 8, "\xff\xff\xff\xff");
  EXPECT_THAT(opening(bytes), fails_with(ErrorCode::corrupt, "continues after its last entry"));
}

TEST_F(ZipDirectoryTest, AZip64DirectoryElsewhereIsRejected) {
  std::string bytes = changed(with_zip64_end(two_, 2), kZipEnd, 8, std::string(12, '\xff'));
  EXPECT_THAT(opening(changed(bytes, kZip64End, 48, "\x01")),
              fails_with(ErrorCode::corrupt, "should be at 1 with"));
  EXPECT_THAT(opening(changed(bytes, kZip64End, 40, std::string(8, '\xff'))),
              fails_with(ErrorCode::corrupt, "with 18446744073709551615 bytes"));
}

TEST_F(ZipDirectoryTest, AZip64LocatorToNowhereIsRejected) {
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64Locator, 8, std::string(8, '\xff'))),
              fails_with(ErrorCode::corrupt, "where it does not fit"));
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64Locator, 8, std::string(8, '\0'))),
              fails_with(ErrorCode::corrupt, "does not point to a zip64 end record"));
}

TEST_F(ZipDirectoryTest, AZip64EndRecordOfAnotherSizeIsRejected) {
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64End, 4, "\x2d")),
              fails_with(ErrorCode::corrupt, "does not end where its locator starts"));
}

TEST_F(ZipDirectoryTest, AMissingZip64EndRecordIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 16, "\xff\xff\xff\xff")),
              fails_with(ErrorCode::corrupt, "refers to a zip64 end record, but there is none"));
}

TEST_F(ZipDirectoryTest, SplitArchivesAreRejected) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 4, "\x01")),
              fails_with(ErrorCode::unsupported, "split into several files"));
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\x01")),
              fails_with(ErrorCode::unsupported, "split into several files"));
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64Locator, 16, "\x02")),
              fails_with(ErrorCode::unsupported, "split into several files"));
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64End, 16, "\x01")),
              fails_with(ErrorCode::unsupported, "split into several files"));
}

TEST_F(ZipDirectoryTest, ADirectoryElsewhereIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 16, "\xff\xff\xff\x7f")),
              fails_with(ErrorCode::corrupt, "should be at 2147483647"));
}

TEST_F(ZipDirectoryTest, TooManyEntriesAreRejected) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\xff\x7f\xff\x7f")),
              fails_with(ErrorCode::corrupt, "has 32767 entries, but only"));
}

TEST_F(ZipDirectoryTest, TooFewEntriesAreRejected) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\x01\0\x01"s)),
              fails_with(ErrorCode::corrupt, "continues after its last entry, number 1"));
}

}  // namespace

}  // namespace lancekeep::formats
