// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/directory.h"

#include "formats/zip/zip_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
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

TEST_F(ZipDirectoryTest, EveryPrefixIsRefused) {
  for (std::size_t length = 0; length < two_.size(); ++length) {
    EXPECT_THAT(opening(two_.substr(0, length)), fails_with(ErrorCode::corrupt, "end record"));
  }
}

TEST_F(ZipDirectoryTest, BytesBehindTheEndRecordAreRefused) {
  EXPECT_THAT(opening(two_ + "more"),
              fails_with(ErrorCode::corrupt,
                         "is followed by 4 bytes, but its comment is said to "
                         "have 0"));
}

TEST_F(ZipDirectoryTest, BytesInFrontOfTheArchiveAreRefused) {
  EXPECT_THAT(opening("#!/bin/sh\n" + two_), fails_with(ErrorCode::corrupt, "is said to lie at"));
}

TEST_F(ZipDirectoryTest, ASecondEndRecordInTheCommentIsRefused) {
  // The first archive's comment is a whole second archive; each end record leads to the file's end.
  const std::string second = zip_of({{"b", "other"}});
  const std::string both = changed(one_, kZipEnd, 20, little_endian(second.size(), 2)) + second;
  EXPECT_THAT(opening(both), fails_with(ErrorCode::corrupt, "two end records"));
}

TEST_F(ZipDirectoryTest, AnEndRecordInTheCommentThatLeadsElsewhereIsRefused) {
  const std::string fake = kZipEnd + std::string(20, 'c');
  EXPECT_THAT(opening(changed(two_, kZipEnd, 20, little_endian(fake.size(), 2)) + fake),
              fails_with(ErrorCode::corrupt, "two end records"));
}

TEST_F(ZipDirectoryTest, AnArchiveInAnEntryIsNoSecondEndRecord) {
  EXPECT_EQ(open(zip_of({{"inner.zip", one_}})).entries().size(), 1u);
}

TEST_F(ZipDirectoryTest, EndRecordsThatDisagreeAreRefused) {
  const std::string bytes = with_zip64_end(two_, 2);
  EXPECT_THAT(opening(changed(bytes, kZipEnd, 8, "\x03\0\x03"s)),
              fails_with(ErrorCode::corrupt, "disagree on the number of entries: 3 and 2"));
  EXPECT_THAT(opening(changed(bytes, kZipEnd, 12, "\x01")),
              fails_with(ErrorCode::corrupt, "disagree on the directory's size: 1 and"));
  EXPECT_THAT(opening(changed(bytes, kZipEnd, 16, "\x01")),
              fails_with(ErrorCode::corrupt, "disagree on its offset: 1 and"));
}

TEST_F(ZipDirectoryTest, AZip64CountThatIsTooLargeIsRefused) {
  const std::string bytes =
      changed(with_zip64_end(two_, UINT64_MAX), kZipEnd, 8, "\xff\xff\xff\xff");
  EXPECT_THAT(opening(bytes),
              fails_with(ErrorCode::corrupt, "has 18446744073709551615 entries, but only"));
}

TEST_F(ZipDirectoryTest, AZip64CountThatIsTooSmallIsRefused) {
  const std::string bytes = changed(with_zip64_end(two_, 1), kZipEnd, 8, "\xff\xff\xff\xff");
  EXPECT_THAT(opening(bytes), fails_with(ErrorCode::corrupt, "goes on after its last entry"));
}

TEST_F(ZipDirectoryTest, AZip64DirectoryElsewhereIsRefused) {
  std::string bytes = changed(with_zip64_end(two_, 2), kZipEnd, 8, std::string(12, '\xff'));
  EXPECT_THAT(opening(changed(bytes, kZip64End, 48, "\x01")),
              fails_with(ErrorCode::corrupt, "is said to lie at 1 with"));
  EXPECT_THAT(opening(changed(bytes, kZip64End, 40, std::string(8, '\xff'))),
              fails_with(ErrorCode::corrupt, "with 18446744073709551615 bytes"));
}

TEST_F(ZipDirectoryTest, AZip64LocatorToNowhereIsRefused) {
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64Locator, 8, std::string(8, '\xff'))),
              fails_with(ErrorCode::corrupt, "no room for it"));
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64Locator, 8, std::string(8, '\0'))),
              fails_with(ErrorCode::corrupt, "is no zip64 end record"));
}

TEST_F(ZipDirectoryTest, AZip64EndRecordOfAnotherSizeIsRefused) {
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64End, 4, "\x2d")),
              fails_with(ErrorCode::corrupt, "does not end where its locator starts"));
}

TEST_F(ZipDirectoryTest, AMissingZip64EndRecordIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 16, "\xff\xff\xff\xff")),
              fails_with(ErrorCode::corrupt, "in a zip64 end record, but there is none"));
}

TEST_F(ZipDirectoryTest, SplitArchivesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 4, "\x01")),
              fails_with(ErrorCode::unsupported, "split over several files"));
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\x01")),
              fails_with(ErrorCode::unsupported, "split over several files"));
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64Locator, 16, "\x02")),
              fails_with(ErrorCode::unsupported, "split over several files"));
  EXPECT_THAT(opening(changed(with_zip64_end(two_, 2), kZip64End, 16, "\x01")),
              fails_with(ErrorCode::unsupported, "split over several files"));
}

TEST_F(ZipDirectoryTest, ADirectoryElsewhereIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 16, "\xff\xff\xff\x7f")),
              fails_with(ErrorCode::corrupt, "is said to lie at 2147483647"));
}

TEST_F(ZipDirectoryTest, TooManyEntriesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\xff\x7f\xff\x7f")),
              fails_with(ErrorCode::corrupt, "has 32767 entries, but only"));
}

TEST_F(ZipDirectoryTest, TooFewEntriesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipEnd, 8, "\x01\0\x01"s)),
              fails_with(ErrorCode::corrupt, "goes on after its last entry, number 1"));
}

}  // namespace
}  // namespace lancekeep::formats
