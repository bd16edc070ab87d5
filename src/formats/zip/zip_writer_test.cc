// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/zip_writer.h"

#include "formats/zip/zip_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

class ZipWriterTest : public ZipTest {
 protected:
  static void add(ZipWriter& writer, const std::string& name, const std::string& bytes) {
    writer.begin_entry(name, bytes.size());
    writer.write(std::as_bytes(std::span(bytes)));
    writer.end_entry();
  }
  auto beginning(const std::string& name) {
    return [this, name] { ZipWriter(path_).begin_entry(name, 1); };
  }
  std::filesystem::path path_ = folder_.path() / "a.zip";
};

TEST_F(ZipWriterTest, WritesArchivesThatTheReaderReads) {
  ZipWriter writer(path_);
  add(writer, "z/first", "12345");
  add(writer, "a", "");
  add(writer, "Grüße", "x");
  writer.commit();
  EXPECT_EQ(writer.position(), std::filesystem::file_size(path_));
  const ZipArchive archive{io::InputFile(path_)};
  ASSERT_EQ(archive.entries().size(), 3u);
  EXPECT_EQ(archive.entries()[0].name, "z/first");
  EXPECT_EQ(archive.read(archive.entries()[0], 10).text(), "12345");
  EXPECT_EQ(archive.entries()[0].crc32, 0xCBF53A1Cu);
  EXPECT_EQ(archive.entries()[1].size, 0u);
  EXPECT_FALSE(archive.entries()[1].is_utf8());
  EXPECT_TRUE(archive.find("Grüße")->is_utf8());
  for (const ZipEntry& entry : archive.entries()) EXPECT_EQ(entry.offset % 64, 0u);
}

TEST_F(ZipWriterTest, TheSameContentGivesTheSameBytes) {
  for (const char* name : {"a.zip", "b.zip"}) {
    ZipWriter writer(folder_.path() / name);
    add(writer, "a", "12345");
    writer.commit();
  }
  EXPECT_EQ(folder_.read("a.zip"), folder_.read("b.zip"));
}

TEST_F(ZipWriterTest, AnEmptyArchiveIsRead) {
  ZipWriter(path_).commit();
  EXPECT_TRUE(ZipArchive(io::InputFile(path_)).entries().empty());
}

TEST_F(ZipWriterTest, ManyEntriesAreRead) {
  ZipWriter writer(path_);
  for (int i = 0; i < 0x10001; ++i) add(writer, std::to_string(i), "");
  writer.commit();
  EXPECT_EQ(ZipArchive(io::InputFile(path_)).entries().size(), 0x10001u);
}

TEST_F(ZipWriterTest, NothingAppearsWithoutCommit) {
  {
    ZipWriter writer(path_);
    add(writer, "a", "12345");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ZipWriterTest, AWrongSizeIsRejected) {
  ZipWriter writer(path_);
  writer.begin_entry("a", 4);
  const std::string bytes = "12345";
  writer.write(std::as_bytes(std::span(bytes)));
  EXPECT_THAT([&] { writer.end_entry(); },
              fails_with(ErrorCode::invalid_argument,
                         "the entry `a` should have 4 bytes, but 5 were written"));
}

TEST_F(ZipWriterTest, NamesThatTheReaderRejectsAreRejected) {
  for (const std::string& name : {"../x"s, "/x"s, "a/.."s}) {
    EXPECT_THAT(beginning(name),
                fails_with(ErrorCode::invalid_argument, "would leave the archive"));
  }
  EXPECT_THAT(beginning("a\\b"), fails_with(ErrorCode::invalid_argument, "contains a backslash"));
  EXPECT_THAT(beginning("a\0b"s), fails_with(ErrorCode::invalid_argument, "contains a NUL"));
  EXPECT_THAT(beginning(""), fails_with(ErrorCode::invalid_argument, "is empty"));
  EXPECT_THAT(beginning("\xff"), fails_with(ErrorCode::invalid_argument, "is not UTF-8"));
  EXPECT_THAT(beginning(std::string(0x10000, 'x')),
              fails_with(ErrorCode::invalid_argument, "more than 65535 bytes"));
}

constexpr std::uint64_t kFiveGiB = std::uint64_t{5} << 30;

class ZipEncode : public ZipTest {
 protected:
  // Writes an entry of `size` bytes whose header is at `header` and whose data is a hole in the
  // file; opens the archive.
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

TEST_F(ZipEncode, DataStartsAtAMultipleOf64) {
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

TEST_F(ZipEncode, ADistantEntryIsFound) {
  const ZipArchive archive = write_at(kFiveGiB + 1, 10);
  EXPECT_EQ(archive.entries().at(0).size, 10u);
  EXPECT_EQ(archive.entries().at(0).offset, kFiveGiB + 64);
}

TEST_F(ZipEncode, ALargeDistantEntryIsFound) {
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
