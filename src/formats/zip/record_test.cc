// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/record.h"

#include "formats/zip/zip_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

const std::string kWide = std::string(8, '\xff');  // both sizes are in zip64
const std::string kSizes = "\x01\0\x10\0"s + little_endian(5, 8) + little_endian(5, 8);

class ZipRecordTest : public ZipTest {};

TEST_F(ZipRecordTest, AZip64SizeIsRead) {
  EXPECT_EQ(open(with_central_extra(changed(one_, kZipCentral, 20, kWide), kSizes)).find("a")->size,
            5u);
}

TEST_F(ZipRecordTest, OtherExtraFieldsAreSkipped) {
  const std::string other = "\x99\x99\x02\0xy"s;
  const std::string bytes = changed(one_, kZipCentral, 20, kWide);
  EXPECT_EQ(open(with_central_extra(bytes, other + kSizes)).find("a")->size, 5u);
}

TEST_F(ZipRecordTest, AMissingZip64FieldIsRefused) {
  EXPECT_THAT(opening(changed(one_, kZipCentral, 20, kWide)),
              fails_with(ErrorCode::corrupt, "should be in a zip64 extra field"));
  EXPECT_THAT(opening(changed(one_, kZipCentral, 42, "\xff\xff\xff\xff")),
              fails_with(ErrorCode::corrupt, "should be in a zip64 extra field"));
}

TEST_F(ZipRecordTest, AZip64FieldThatIsTooShortIsRefused) {
  const std::string half = "\x01\0\x08\0"s + little_endian(5, 8);
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), half)),
              fails_with(ErrorCode::corrupt, "an entry's zip64 packed size"));
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), "\x01\0\x10"s)),
              fails_with(ErrorCode::corrupt, "an extra field's length"));
}

TEST_F(ZipRecordTest, TwoZip64FieldsAreRefused) {
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), kSizes + kSizes)),
              fails_with(ErrorCode::corrupt, "two zip64 extra fields"));
}

TEST_F(ZipRecordTest, AZip64SizeBeyondTheFileIsRefused) {
  const std::string huge =
      "\x01\0\x10\0"s + std::string(7, '\xff') + '\x7f' + std::string(7, '\xff') + '\x7f';
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), huge)),
              fails_with(ErrorCode::corrupt, "has 9223372036854775807 bytes, which reach past 36"));
}

TEST_F(ZipRecordTest, AZip64OffsetBeyondTheFileIsRefused) {
  const std::string far = "\x01\0\x08\0"s + std::string(8, '\xff');
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 42, "\xff\xff\xff\xff"), far)),
              fails_with(ErrorCode::corrupt, "starts at 18446744073709551615"));
}

TEST_F(ZipRecordTest, ARecordWithoutSignatureIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 0, "XX")),
              fails_with(ErrorCode::corrupt, "no record of the zip directory"));
}

TEST_F(ZipRecordTest, ARecordThatReachesPastTheDirectoryIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 32, "\x01")),
              fails_with(ErrorCode::corrupt, "an entry's comment"));
}

TEST_F(ZipRecordTest, EncryptedEntriesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 8, "\x01")),
              fails_with(ErrorCode::unsupported, "`m/data/0` is encrypted"));
}

TEST_F(ZipRecordTest, OtherFlagsAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 8, "\x20")),
              fails_with(ErrorCode::unsupported, "flags 0x0020"));
  EXPECT_THAT(opening(changed(two_, kZipCentral, 9, "\x20")),
              fails_with(ErrorCode::unsupported, "flags 0x2000"));
}

TEST_F(ZipRecordTest, AnEntryOnAnotherDiskIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 34, "\x01")),
              fails_with(ErrorCode::unsupported, "`m/data/0` is on disk 1"));
}

TEST_F(ZipRecordTest, TwoSizesAreRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 20, "\x04")),
              fails_with(ErrorCode::corrupt, "4 bytes packed and 5 unpacked"));
}

TEST_F(ZipRecordTest, NamesThatLeaveTheArchiveAreRefused) {
  for (const char* name : {"../a", "a/../../b", "/a", "..", "a/.."}) {
    EXPECT_THAT(opening(zip_of({{name, "x"}})),
                fails_with(ErrorCode::unsafe, "named `"s + name + "`, which would leave"));
  }
}

TEST_F(ZipRecordTest, OtherNamesThatAreNoneAreRefused) {
  EXPECT_THAT(opening(zip_of({{"", "x"}})), fails_with(ErrorCode::unsafe, "which is empty"));
  EXPECT_THAT(opening(zip_of({{"a\\b", "x"}})), fails_with(ErrorCode::unsafe, "a backslash"));
  EXPECT_THAT(opening(zip_of({{"a\0b"s, "x"}})), fails_with(ErrorCode::unsafe, "a NUL in it"));
}

TEST_F(ZipRecordTest, DotsWithinANameAreNoFolders) {
  EXPECT_EQ(open(zip_of({{"a..b/...npy", "x"}})).entries().size(), 1u);
}

TEST_F(ZipRecordTest, KnowsWhichNamesAreUtf8) {
  const std::string bytes = changed(one_, kZipCentral, 9, "\x08");
  EXPECT_TRUE(open(changed(bytes, kZipLocal, 7, "\x08")).find("a")->is_utf8());
  EXPECT_FALSE(open(one_).find("a")->is_utf8());
}

}  // namespace
}  // namespace lancekeep::formats
