// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/zip_entry.h"

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

TEST_F(ZipRecordTest, AMissingZip64FieldIsRejected) {
  EXPECT_THAT(opening(changed(one_, kZipCentral, 20, kWide)),
              fails_with(ErrorCode::corrupt, "needs a zip64 extra field for its sizes or offset"));
  EXPECT_THAT(opening(changed(one_, kZipCentral, 42, "\xff\xff\xff\xff")),
              fails_with(ErrorCode::corrupt, "needs a zip64 extra field for its sizes or offset"));
}

TEST_F(ZipRecordTest, AZip64FieldThatIsTooShortIsRejected) {
  const std::string half = "\x01\0\x08\0"s + little_endian(5, 8);
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), half)),
              fails_with(ErrorCode::corrupt, "an entry's zip64 packed size"));
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), "\x01\0\x10"s)),
              fails_with(ErrorCode::corrupt, "an extra field's length"));
}

TEST_F(ZipRecordTest, TwoZip64FieldsAreRejected) {
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), kSizes + kSizes)),
              fails_with(ErrorCode::corrupt, "two zip64 extra fields"));
}

TEST_F(ZipRecordTest, AZip64SizeBeyondTheFileIsRejected) {
  const std::string huge =
      "\x01\0\x10\0"s + std::string(7, '\xff') + '\x7f' + std::string(7, '\xff') + '\x7f';
  EXPECT_THAT(
      opening(with_central_extra(changed(one_, kZipCentral, 20, kWide), huge)),
      fails_with(ErrorCode::corrupt, "has 9223372036854775807 bytes and would extend past 36"));
}

TEST_F(ZipRecordTest, AZip64OffsetBeyondTheFileIsRejected) {
  const std::string far = "\x01\0\x08\0"s + std::string(8, '\xff');
  EXPECT_THAT(opening(with_central_extra(changed(one_, kZipCentral, 42, "\xff\xff\xff\xff"), far)),
              fails_with(ErrorCode::corrupt, "starts at 18446744073709551615"));
}

TEST_F(ZipRecordTest, ARecordWithoutSignatureIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 0, "XX")),
              fails_with(ErrorCode::corrupt, "expected a record of the zip directory"));
}

TEST_F(ZipRecordTest, ARecordThatReachesPastTheDirectoryIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 32, "\x01")),
              fails_with(ErrorCode::corrupt, "an entry's comment"));
}

TEST_F(ZipRecordTest, EncryptedEntriesAreRejected) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 8, "\x01")),
              fails_with(ErrorCode::unsupported, "`m/data/0` is encrypted"));
}

TEST_F(ZipRecordTest, OtherFlagsAreRejected) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 8, "\x20")),
              fails_with(ErrorCode::unsupported, "flags 0x0020"));
  EXPECT_THAT(opening(changed(two_, kZipCentral, 9, "\x20")),
              fails_with(ErrorCode::unsupported, "flags 0x2000"));
}

TEST_F(ZipRecordTest, AnEntryOnAnotherDiskIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 34, "\x01")),
              fails_with(ErrorCode::unsupported, "`m/data/0` is on disk 1"));
}

TEST_F(ZipRecordTest, DifferentSizesOfAStoredEntryAreRejected) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 20, "\x04")),
              fails_with(ErrorCode::corrupt, "4 packed and 5 unpacked bytes"));
}

TEST_F(ZipRecordTest, NamesThatLeaveTheArchiveAreRejected) {
  for (const char* name : {"../a", "a/../../b", "/a", "..", "a/.."}) {
    EXPECT_THAT(opening(zip_of({{name, "x"}})),
                fails_with(ErrorCode::unsafe, "named `"s + name + "`, which would leave"));
  }
}

TEST_F(ZipRecordTest, OtherInvalidNamesAreRejected) {
  EXPECT_THAT(opening(zip_of({{"", "x"}})), fails_with(ErrorCode::unsafe, "which is empty"));
  EXPECT_THAT(opening(zip_of({{"a\\b", "x"}})), fails_with(ErrorCode::unsafe, "a backslash"));
  EXPECT_THAT(opening(zip_of({{"a\0b"s, "x"}})), fails_with(ErrorCode::unsafe, "a NUL character"));
}

TEST_F(ZipRecordTest, DotsWithinANameAreAllowed) {
  EXPECT_EQ(open(zip_of({{"a..b/...npy", "x"}})).entries().size(), 1u);
}

TEST_F(ZipRecordTest, KnowsWhichNamesAreUtf8) {
  const std::string bytes = changed(one_, kZipCentral, 9, "\x08");
  EXPECT_TRUE(open(changed(bytes, kZipLocal, 7, "\x08")).find("a")->is_utf8());
  EXPECT_FALSE(open(one_).find("a")->is_utf8());
}

std::string sizes(std::uint64_t size, std::uint64_t packed) {
  return "\x01\0\x10\0"s + little_endian(size, 8) + little_endian(packed, 8);
}

class ZipLocalHeader : public ZipTest {
 protected:
  // An archive whose entry has sizes and checksum after its data.
  std::string with_sizes_after_data() {
    const std::string bytes = changed(one_, kZipLocal, 6, "\x08");
    return changed(changed(bytes, kZipCentral, 8, "\x08"), kZipCentral, 16, "sums");
  }
};

TEST_F(ZipLocalHeader, SizesMayFollowTheData) {
  EXPECT_EQ(
      open(changed(with_sizes_after_data(), kZipLocal, 18, std::string(8, '\0'))).find("a")->size,
      5u);
}

TEST_F(ZipLocalHeader, SizesThatFollowTheDataMayAlsoPrecedeIt) {
  EXPECT_EQ(open(changed(with_sizes_after_data(), kZipLocal, 14, "sums")).find("a")->size, 5u);
}

TEST_F(ZipLocalHeader, DifferentSizesBeforeAndAfterTheDataAreRejected) {
  EXPECT_THAT(opening(changed(with_sizes_after_data(), kZipLocal, 18, "\x04")),
              fails_with(ErrorCode::corrupt, "the packed size 4 in its local header, but 5"));
}

TEST_F(ZipLocalHeader, Zip64SizesAreRead) {
  const std::string bytes = changed(one_, kZipLocal, 18, kWide);
  const ZipArchive archive = open(with_local_extra(bytes, "a", sizes(5, 5)));
  EXPECT_EQ(archive.read(*archive.find("a"), 5).text(), "12345");
}

TEST_F(ZipLocalHeader, OtherZip64SizesAreRejected) {
  const std::string bytes = changed(one_, kZipLocal, 18, kWide);
  EXPECT_THAT(opening(with_local_extra(bytes, "a", sizes(6, 5))),
              fails_with(ErrorCode::corrupt, "the size 6 in its local header, but 5"));
  EXPECT_THAT(opening(with_local_extra(bytes, "a", sizes(5, UINT64_MAX))),
              fails_with(ErrorCode::corrupt, "the packed size 18446744073709551615 in its"));
}

TEST_F(ZipLocalHeader, AMissingZip64FieldIsRejected) {
  EXPECT_THAT(
      opening(changed(one_, kZipLocal, 18, kWide)),
      fails_with(ErrorCode::corrupt, "zip64 extra field for the sizes in its local header"));
}

TEST_F(ZipLocalHeader, AHeaderElsewhereIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 42, "\x05")),
              fails_with(ErrorCode::corrupt,
                         "starts at 0, but the next entry or the directory starts at 5"));
  EXPECT_THAT(opening(changed(two_, kZipCentral, 42, "\x05\0\0\x7f"s)),
              fails_with(ErrorCode::corrupt, "`m/data/0` starts at 2130706437"));
}

TEST_F(ZipLocalHeader, AMissingHeaderIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipLocal, 0, "XX")),
              fails_with(ErrorCode::corrupt, "has no local header"));
}

TEST_F(ZipLocalHeader, EveryFieldMustAgree) {
  const auto with = [&](std::size_t place) {
    return opening(changed(two_, kZipLocal, place, "\x09"));
  };
  EXPECT_THAT(with(6),
              fails_with(ErrorCode::corrupt, "has the flags 9 in its local header, but 0"));
  EXPECT_THAT(with(8), fails_with(ErrorCode::corrupt, "has the compression method 9 in its local"));
  EXPECT_THAT(with(14), fails_with(ErrorCode::corrupt, "has the checksum 9 in its local header"));
  EXPECT_THAT(with(18), fails_with(ErrorCode::corrupt, "has the packed size 9 in its local"));
  EXPECT_THAT(with(22),
              fails_with(ErrorCode::corrupt, "has the size 9 in its local header, but 5"));
}

TEST_F(ZipLocalHeader, AnotherNameIsRejected) {
  EXPECT_THAT(opening(changed(two_, kZipLocal, kZipLocalSize, "x")),
              fails_with(ErrorCode::corrupt, "is named `x/data/0` (8 bytes) in its local header"));
  EXPECT_THAT(opening(changed(two_, kZipLocal, 26, "\x07")),
              fails_with(ErrorCode::corrupt, "(7 bytes) in its local header"));
}

}  // namespace

}  // namespace lancekeep::formats
