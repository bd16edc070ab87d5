// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/archive.h"

#include "formats/zip/zip_testing.h"
#include "io/error_matcher.h"
#include "io/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

class ZipArchiveTest : public testing::Test {
 protected:
  ZipArchive open(const std::string& bytes) {
    return ZipArchive(io::InputFile(folder_.write("a.zip", bytes)));
  }
  auto opening(const std::string& bytes) {
    return [this, bytes] { (void)open(bytes); };
  }

  io::TemporaryFolder folder_;
  const std::string two_ = zip_of({{"m/data.pkl", "pickle"}, {"m/data/0", "bytes"}});
};

TEST_F(ZipArchiveTest, FindsEntriesAndTheirBytes) {
  const ZipArchive archive = open(two_);
  ASSERT_EQ(archive.entries().size(), 2u);
  ASSERT_NE(archive.find("m/data/0"), nullptr);
  EXPECT_EQ(archive.read(*archive.find("m/data/0"), 100).text(), "bytes");
  EXPECT_EQ(archive.find("m/data/1"), nullptr);
}

TEST_F(ZipArchiveTest, AnEmptyArchiveHasNoEntries) {
  EXPECT_TRUE(open(zip_of({})).entries().empty());
}

TEST_F(ZipArchiveTest, ACommentMayFollow) {
  EXPECT_EQ(open(changed(two_, kZipEnd, 20, "\x02") + "hi").entries().size(), 2u);
}

TEST_F(ZipArchiveTest, SizesMayStandBehindTheBytes) {
  std::string bytes = zip_of({{"a", "12345"}});
  bytes = changed(bytes, kZipLocal, 6, "\x08");
  bytes = changed(bytes, kZipCentral, 8, "\x08");
  bytes = changed(bytes, kZipLocal, 18, std::string(8, '\0'));
  EXPECT_EQ(open(bytes).find("a")->size, 5u);
}

std::string with_zip64_end(std::string bytes) {
  const std::size_t end = bytes.rfind(kZipEnd);
  const std::size_t start = bytes.find(kZipCentral);
  const std::string record = "PK\x06\x06" + little_endian(44, 8) + little_endian(0, 12) +
                             little_endian(2, 8) + little_endian(2, 8) +
                             little_endian(end - start, 8) + little_endian(start, 8);
  const std::string locator =
      "PK\x06\x07" + little_endian(0, 4) + little_endian(end, 8) + little_endian(1, 4);
  return bytes.insert(end, record + locator);
}

TEST_F(ZipArchiveTest, AZip64EndRecordIsRead) {
  std::string bytes = with_zip64_end(two_);
  bytes = changed(bytes, kZipEnd, 8, std::string(12, '\xff'));
  EXPECT_EQ(open(bytes).entries().size(), 2u);
}

TEST_F(ZipArchiveTest, AZip64SizeIsRead) {
  std::string bytes = zip_of({{"a", "12345"}});
  const std::string extra = "\x01\0\x10\0"s + little_endian(5, 8) + little_endian(5, 8);
  bytes = changed(bytes, kZipCentral, 20, std::string(8, '\xff'));
  bytes = changed(bytes, kZipCentral, 30, little_endian(extra.size(), 2));
  bytes.insert(bytes.rfind(kZipEnd), extra);
  bytes = changed(bytes, kZipEnd, 12, little_endian(46 + 1 + extra.size(), 4));
  EXPECT_EQ(open(bytes).find("a")->size, 5u);
}

TEST_F(ZipArchiveTest, EveryPrefixIsRefused) {
  for (std::size_t length = 0; length < two_.size(); ++length) {
    EXPECT_THAT(opening(two_.substr(0, length)), fails_with(ErrorCode::corrupt, "end record"));
  }
}

TEST_F(ZipArchiveTest, EndRecordsThatDisagreeAreRefused) {
  EXPECT_THAT(opening(changed(with_zip64_end(two_), kZipEnd, 8, "\x03\0\x03"s)),
              fails_with(ErrorCode::corrupt, "disagree on the number of entries: 3 and 2"));
}

TEST_F(ZipArchiveTest, AZip64LocatorToNowhereIsRefused) {
  EXPECT_THAT(opening(changed(with_zip64_end(two_), "PK\x06\x07", 8, std::string(8, '\xff'))),
              fails_with(ErrorCode::corrupt, "no room for it"));
  EXPECT_THAT(opening(changed(with_zip64_end(two_), "PK\x06\x07", 8, std::string(8, '\0'))),
              fails_with(ErrorCode::corrupt, "is no zip64 end record"));
}

TEST_F(ZipArchiveTest, AZip64EndRecordOfAnotherSizeIsRefused) {
  EXPECT_THAT(opening(changed(with_zip64_end(two_), "PK\x06\x06", 4, "\x2d")),
              fails_with(ErrorCode::corrupt, "does not end where its locator starts"));
}

TEST_F(ZipArchiveTest, SplitArchivesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 4, "\x01")),
              fails_with(ErrorCode::unsupported, "split over several files"));
}

TEST_F(ZipArchiveTest, ADirectoryElsewhereIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 16, "\xff\xff\xff\x7f")),
              fails_with(ErrorCode::corrupt, "is said to lie at 2147483647"));
}

TEST_F(ZipArchiveTest, TooManyEntriesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\xff\x7f\xff\x7f")),
              fails_with(ErrorCode::corrupt, "has 32767 entries, but only"));
}

TEST_F(ZipArchiveTest, TooFewEntriesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\x01\0\x01"s)),
              fails_with(ErrorCode::corrupt, "goes on after its last entry"));
}

TEST_F(ZipArchiveTest, ARecordWithoutSignatureIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 0, "XX")),
              fails_with(ErrorCode::corrupt, "no record of the zip directory"));
}

TEST_F(ZipArchiveTest, CompressedEntriesAreRefusedWhereTheyAreWanted) {
  std::string bytes = changed(two_, kZipCentral, 10, "\x08");
  bytes = changed(bytes, kZipLocal, 8, "\x08");
  const ZipArchive archive = open(bytes);
  EXPECT_EQ(archive.read(*archive.find("m/data.pkl"), 100).text(), "pickle");
  EXPECT_THAT([&] { (void)archive.read(*archive.find("m/data/0"), 100); },
              fails_with(ErrorCode::unsupported, "`m/data/0` is compressed (method 8)"));
}

TEST_F(ZipArchiveTest, EncryptedEntriesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 8, "\x01")),
              fails_with(ErrorCode::unsupported, "flags 0x0001"));
}

TEST_F(ZipArchiveTest, TwoSizesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 20, "\x04")),
              fails_with(ErrorCode::corrupt, "4 bytes packed and 5 unpacked"));
}

TEST_F(ZipArchiveTest, NamesThatLeaveTheArchiveAreRefused) {
  for (const char* name : {"../a", "a/../../b", "/a", "a\\b", ".."}) {
    EXPECT_THAT(opening(zip_of({{name, "x"}})), fails_with(ErrorCode::unsafe, name));
  }
  EXPECT_THAT(opening(zip_of({{"", "x"}})), fails_with(ErrorCode::unsafe, "named ``"));
  EXPECT_THAT(opening(zip_of({{"a\0b"s, "x"}})),
              fails_with(ErrorCode::unsafe, "leave the archive"));
}

TEST_F(ZipArchiveTest, ANameTwiceIsRefused) {
  EXPECT_THAT(opening(zip_of({{"a", "1"}, {"a", "2"}})),
              fails_with(ErrorCode::corrupt, "two entries named `a`"));
}

TEST_F(ZipArchiveTest, ALocalHeaderElsewhereIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 42, "\x05")),
              fails_with(ErrorCode::corrupt, "starts at 0, but what follows it starts at 5"));
  EXPECT_THAT(opening(changed(two_, kZipCentral, 42, "\x05\0\0\x7f"s)),
              fails_with(ErrorCode::corrupt, "`m/data/0` starts at 2130706437"));
}

TEST_F(ZipArchiveTest, AMissingLocalHeaderIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipLocal, 0, "XX")),
              fails_with(ErrorCode::corrupt, "has no local header"));
}

TEST_F(ZipArchiveTest, ALocalHeaderThatDisagreesIsRefused) {
  for (const std::size_t place : {6, 8, 18, 22}) {
    EXPECT_THAT(opening(changed(two_, kZipLocal, place, "\x09")),
                fails_with(ErrorCode::corrupt, "otherwise in its local header"))
        << place;
  }
  EXPECT_THAT(opening(changed(two_, kZipLocal, kZipLocalSize, "x")),
              fails_with(ErrorCode::corrupt, "is named `x/data/0` in its local header"));
}

TEST_F(ZipArchiveTest, OverlappingEntriesAreRefused) {
  // Both records lead to the first local header.
  std::string bytes = zip_of({{"a", "12345"}, {"b", "12345"}});
  EXPECT_THAT(opening(changed(bytes, kZipCentral, 42, std::string(4, '\0'))),
              fails_with(ErrorCode::corrupt, "what follows it starts at 0"));
}

TEST_F(ZipArchiveTest, BytesThatReachIntoTheNextEntryAreRefused) {
  std::string bytes = zip_of({{"a", "12345"}});
  bytes = changed(bytes, kZipLocal, 28, "\x01");
  EXPECT_THAT(opening(bytes), fails_with(ErrorCode::corrupt, "has 5 bytes, which reach past 36"));
}

TEST_F(ZipArchiveTest, AnEntryAboveTheReadersLimitIsRefused) {
  const ZipArchive archive = open(two_);
  EXPECT_THAT([&] { (void)archive.read(*archive.find("m/data/0"), 4); },
              fails_with(ErrorCode::unsupported, "has 5 bytes; at most 4 are read"));
}

}  // namespace
}  // namespace lancekeep::formats
