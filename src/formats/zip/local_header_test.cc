// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/zip_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

const std::string kWide = std::string(8, '\xff');  // both sizes are in zip64

std::string sizes(std::uint64_t size, std::uint64_t packed) {
  return "\x01\0\x10\0"s + little_endian(size, 8) + little_endian(packed, 8);
}

class ZipLocalHeader : public ZipTest {
 protected:
  // The entry's sizes and checksum stand behind its bytes.
  std::string with_sizes_behind() {
    const std::string bytes = changed(one_, kZipLocal, 6, "\x08");
    return changed(changed(bytes, kZipCentral, 8, "\x08"), kZipCentral, 16, "sums");
  }
};

TEST_F(ZipLocalHeader, SizesMayStandBehindTheBytes) {
  EXPECT_EQ(open(changed(with_sizes_behind(), kZipLocal, 18, std::string(8, '\0'))).find("a")->size,
            5u);
}

TEST_F(ZipLocalHeader, SizesBehindTheBytesMayBeInFrontToo) {
  EXPECT_EQ(open(changed(with_sizes_behind(), kZipLocal, 14, "sums")).find("a")->size, 5u);
}

TEST_F(ZipLocalHeader, OtherSizesInFrontThanBehindAreRefused) {
  EXPECT_THAT(opening(changed(with_sizes_behind(), kZipLocal, 18, "\x04")),
              fails_with(ErrorCode::corrupt, "the packed size 4 in its local header and 5"));
}

TEST_F(ZipLocalHeader, Zip64SizesAreRead) {
  const std::string bytes = changed(one_, kZipLocal, 18, kWide);
  const ZipArchive archive = open(with_local_extra(bytes, "a", sizes(5, 5)));
  EXPECT_EQ(archive.read(*archive.find("a"), 5).text(), "12345");
}

TEST_F(ZipLocalHeader, OtherZip64SizesAreRefused) {
  const std::string bytes = changed(one_, kZipLocal, 18, kWide);
  EXPECT_THAT(opening(with_local_extra(bytes, "a", sizes(6, 5))),
              fails_with(ErrorCode::corrupt, "the size 6 in its local header and 5"));
  EXPECT_THAT(opening(with_local_extra(bytes, "a", sizes(5, UINT64_MAX))),
              fails_with(ErrorCode::corrupt, "the packed size 18446744073709551615 in its"));
}

TEST_F(ZipLocalHeader, AMissingZip64FieldIsRefused) {
  EXPECT_THAT(opening(changed(one_, kZipLocal, 18, kWide)),
              fails_with(ErrorCode::corrupt, "zip64 extra field of its local header"));
}

TEST_F(ZipLocalHeader, AHeaderElsewhereIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipCentral, 42, "\x05")),
              fails_with(ErrorCode::corrupt, "starts at 0, but what follows it starts at 5"));
  EXPECT_THAT(opening(changed(two_, kZipCentral, 42, "\x05\0\0\x7f"s)),
              fails_with(ErrorCode::corrupt, "`m/data/0` starts at 2130706437"));
}

TEST_F(ZipLocalHeader, AMissingHeaderIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipLocal, 0, "XX")),
              fails_with(ErrorCode::corrupt, "has no local header"));
}

TEST_F(ZipLocalHeader, EveryFieldMustAgree) {
  const auto with = [&](std::size_t place) {
    return opening(changed(two_, kZipLocal, place, "\x09"));
  };
  EXPECT_THAT(with(6), fails_with(ErrorCode::corrupt, "has the flags 9 in its local header and 0"));
  EXPECT_THAT(with(8), fails_with(ErrorCode::corrupt, "has the compression method 9 in its local"));
  EXPECT_THAT(with(14), fails_with(ErrorCode::corrupt, "has the checksum 9 in its local header"));
  EXPECT_THAT(with(18), fails_with(ErrorCode::corrupt, "has the packed size 9 in its local"));
  EXPECT_THAT(with(22), fails_with(ErrorCode::corrupt, "has the size 9 in its local header and 5"));
}

TEST_F(ZipLocalHeader, AnotherNameIsRefused) {
  EXPECT_THAT(opening(changed(two_, kZipLocal, kZipLocalSize, "x")),
              fails_with(ErrorCode::corrupt, "is named `x/data/0` in its local header"));
  EXPECT_THAT(opening(changed(two_, kZipLocal, 26, "\x07")),
              fails_with(ErrorCode::corrupt, "in its local header, with 7 bytes"));
}

}  // namespace
}  // namespace lancekeep::formats
