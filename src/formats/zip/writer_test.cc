// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/writer.h"

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

TEST_F(ZipWriterTest, WritesWhatTheReaderReads) {
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

TEST_F(ZipWriterTest, AnotherSizeThanAnnouncedIsRefused) {
  ZipWriter writer(path_);
  writer.begin_entry("a", 4);
  const std::string bytes = "12345";
  writer.write(std::as_bytes(std::span(bytes)));
  EXPECT_THAT(
      [&] { writer.end_entry(); },
      fails_with(ErrorCode::invalid_argument, "5 bytes were written for the entry `a` of 4"));
}

TEST_F(ZipWriterTest, NamesThatTheReaderRefusesAreRefused) {
  for (const std::string& name : {"../x"s, "/x"s, "a/.."s}) {
    EXPECT_THAT(beginning(name),
                fails_with(ErrorCode::invalid_argument, "would leave the archive"));
  }
  EXPECT_THAT(beginning("a\\b"), fails_with(ErrorCode::invalid_argument, "has a backslash"));
  EXPECT_THAT(beginning("a\0b"s), fails_with(ErrorCode::invalid_argument, "has a NUL"));
  EXPECT_THAT(beginning(""), fails_with(ErrorCode::invalid_argument, "is empty"));
  EXPECT_THAT(beginning("\xff"), fails_with(ErrorCode::invalid_argument, "is not UTF-8"));
  EXPECT_THAT(beginning(std::string(0x10000, 'x')),
              fails_with(ErrorCode::invalid_argument, "more than 65535 bytes"));
}

}  // namespace
}  // namespace lancekeep::formats
