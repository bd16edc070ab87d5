// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/encode.h"

#include "formats/zip/zip_testing.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using namespace std::string_literals;

constexpr std::uint64_t kFiveGiB = std::uint64_t{5} << 30;

class ZipEncode : public ZipTest {
 protected:
  // Writes an entry of `size` bytes at `header`, with a hole for its bytes, and opens that.
  ZipArchive write_at(std::uint64_t header, std::uint64_t size) {
    ZipEntry entry;
    entry.header = header;
    entry.name = "name";
    entry.size = size;
    const std::string local = encode_zip_local_header(entry);
    const std::string central = encode_zip_record(entry);
    const ZipDirectory directory{header + local.size() + size, central.size(), 1};
    const std::filesystem::path path = folder_.write("a.zip", "");
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(header));
    file << local;
    file.seekp(static_cast<std::streamoff>(directory.offset));
    file << central << encode_zip_end(directory) << std::flush;
    return ZipArchive(io::InputFile(path));
  }
};

TEST_F(ZipEncode, BytesBeginAtAMultipleOf64) {
  for (std::uint64_t header = 0; header < 130; ++header) {
    ZipEntry entry;
    entry.header = header;
    entry.name = "name";
    EXPECT_EQ((header + encode_zip_local_header(entry).size()) % kZipAlignment, 0u) << header;
  }
}

TEST_F(ZipEncode, ALargeEntryIsFound) {
  const ZipArchive archive = write_at(0, kFiveGiB);
  EXPECT_EQ(archive.entries().at(0).size, kFiveGiB);
  EXPECT_EQ(archive.entries().at(0).offset, 64u);
}

TEST_F(ZipEncode, AnEntryFarBehindIsFound) {
  const ZipArchive archive = write_at(kFiveGiB + 1, 10);
  EXPECT_EQ(archive.entries().at(0).size, 10u);
  EXPECT_EQ(archive.entries().at(0).offset, kFiveGiB + 64);
}

TEST_F(ZipEncode, ALargeEntryFarBehindIsFound) {
  EXPECT_EQ(write_at(kFiveGiB, kFiveGiB).entries().at(0).size, kFiveGiB);
}

TEST_F(ZipEncode, NumbersThatLookLikeZip64AreWrittenAsZip64) {
  EXPECT_EQ(write_at(0, 0xFFFFFFFF).entries().at(0).size, 0xFFFFFFFFu);
  EXPECT_EQ(write_at(0xFFFFFFFF, 1).entries().at(0).size, 1u);
  EXPECT_EQ(write_at(0, 0xFFFFFFFE).entries().at(0).size, 0xFFFFFFFEu);
}

TEST_F(ZipEncode, SmallArchivesHaveNoZip64Records) {
  EXPECT_EQ(encode_zip_end({100, 46, 0xFFFE}).size(), 22u);
  EXPECT_EQ(encode_zip_end({100, 46, 0xFFFF}).size(), 22u + 56 + 20);
  EXPECT_EQ(encode_zip_end({0xFFFFFFFF, 46, 1}).size(), 22u + 56 + 20);
}

}  // namespace
}  // namespace lancekeep::formats
