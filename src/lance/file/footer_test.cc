// SPDX-License-Identifier: Apache-2.0
#include "lance/file/footer.h"

#include "lance/file/file_testing.h"

namespace lancekeep::lance {
namespace {

TEST(FooterTest, FindsColumnsAndGlobalBuffers) {
  const Footer footer = decode_footer(view(integer_file().bytes()));
  EXPECT_EQ(footer.version, (FormatVersion{2, 1}));
  ASSERT_EQ(footer.columns.size(), 1);
  ASSERT_EQ(footer.global_buffers.size(), 1);
  EXPECT_EQ(decode_file_descriptor(footer.global_buffers[0]).rows, 5);
}

TEST(FooterTest, ReadsThreeFormats) {
  TestFile file = integer_file();
  file.minor = 2;
  EXPECT_EQ(decode_footer(view(file.bytes())).version, (FormatVersion{2, 2}));
  file.major = 0;
  file.minor = 3;
  EXPECT_EQ(decode_footer(view(file.bytes())).version, (FormatVersion{2, 0}));
}

TEST(FooterTest, RejectsTheLegacyFormat) {
  TestFile file = integer_file();
  file.major = 0;
  file.minor = 2;
  expect_unsupported("format 0.1 (\"legacy\")", [&] { (void)decode_footer(view(file.bytes())); });
  expect_unsupported("data_storage_version=\"2.1\"",
                     [&] { (void)decode_footer(view(file.bytes())); });
}

TEST(FooterTest, RejectsNewerFormats) {
  TestFile file = integer_file();
  file.minor = 3;
  expect_unsupported("format 2.3", [&] { (void)decode_footer(view(file.bytes())); });
}

TEST(FooterTest, RejectsAnotherMagic) {
  TestFile file = integer_file();
  file.magic = "LANX";
  expect_corrupt("does not end with \"LANC\"", [&] { (void)decode_footer(view(file.bytes())); });
}

TEST(FooterTest, RejectsAShortFile) {
  expect_corrupt("a data file has 39 bytes, expected at least 40",
                 [] { (void)decode_footer(view(std::string(39, '\0'))); });
}

// A file with an 8-byte number of its footer replaced.
std::string with_footer(std::size_t at, std::uint64_t number, std::size_t size = 8) {
  std::string bytes = integer_file().bytes();
  return bytes.replace(bytes.size() - 40 + at, size, raw<std::uint64_t>({number}).substr(0, size));
}

TEST(FooterTest, RejectsAColumnTableBeyondTheFile) {
  expect_corrupt("the table of column metadata would start at byte",
                 [] { (void)decode_footer(view(with_footer(8, ~std::uint64_t{0}))); });
}

TEST(FooterTest, RejectsMoreColumnsThanTheFileHoldsBytes) {
  expect_corrupt("the table of column metadata needs 68719476720 bytes",
                 [] { (void)decode_footer(view(with_footer(28, 0xffffffff, 4))); });
}

TEST(FooterTest, RejectsABufferTableBeyondTheFile) {
  expect_corrupt("the table of global buffers would start at byte",
                 [] { (void)decode_footer(view(with_footer(16, ~std::uint64_t{0}))); });
}

TEST(FooterTest, RejectsAFileWithoutDescriptor) {
  expect_corrupt("a data file has no global buffer",
                 [] { (void)decode_footer(view(with_footer(24, 0, 4))); });
}

TEST(FooterTest, RejectsColumnMetadataBeyondTheFile) {
  std::string bytes = integer_file().bytes();
  const std::size_t table = bytes.size() - 40 - 32;  // an entry for the column, one for the buffer
  bytes.replace(table + 8, 8, raw<std::uint64_t>({1 << 20}));
  expect_corrupt("column metadata needs 1048576 bytes", [&] { (void)decode_footer(view(bytes)); });
}

TEST(FooterTest, RejectsColumnMetadataThatOverlaps) {
  std::string bytes = integer_file().bytes();
  const std::string footer = bytes.substr(bytes.size() - 40);
  std::string file = bytes.substr(0, bytes.size() - 40);
  const std::uint64_t size = file.size();
  std::string table;
  for (int i = 0; i < 100; ++i) table += raw<std::uint64_t>({0, size});
  std::string changed = footer;
  changed.replace(8, 8, raw<std::uint64_t>({size}));
  changed.replace(28, 4, raw<std::uint32_t>({100}));
  expect_corrupt("column metadata overlap",
                 [&] { (void)decode_footer(view(file + table + changed)); });
}

}  // namespace
}  // namespace lancekeep::lance
