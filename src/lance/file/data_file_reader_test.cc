// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_reader.h"

#include "lance/file/file_testing.h"

namespace lancekeep::lance {
namespace {

TEST(DataFileReaderTest, ReadsAColumnOfSeveralPages) {
  const DataFileReader file = open_file(integer_file());
  EXPECT_EQ(file.version(), (FormatVersion{2, 1}));
  EXPECT_EQ(file.descriptor().fields[0].logical_type, "int64");
  const Array column = file.read_column(0, 5, 5);
  EXPECT_EQ(numbers<std::uint64_t>(column.data), (std::vector<std::uint64_t>{7, 7, 7, 0, 0}));
  EXPECT_EQ(column.row_valid, (std::vector<std::uint8_t>{1, 1, 1, 0, 0}));
}

TEST(DataFileReaderTest, ReadsAColumnWithoutPages) {
  TestFile file = integer_file();
  file.columns[0].pages.clear();
  const Array column = open_file(file).read_column(0, 0, 0);
  EXPECT_EQ(column.rows, 0);
  EXPECT_EQ(column.item_bits, 64);
}

TEST(DataFileReaderTest, TakesTheTypeOfNullsFromTheSchema) {
  TestFile file = integer_file();
  file.columns[0].pages.erase(file.columns[0].pages.begin());
  const Array column = open_file(file).read_column(0, 2, 2);
  EXPECT_EQ(column.item_bits, 64);
  EXPECT_EQ(column.value<std::uint64_t>(1), 0);
}

TEST(DataFileReaderTest, NullsOfUnknownTypeBecomeEmptyStrings) {
  TestFile file = integer_file();
  file.columns[0].pages.erase(file.columns[0].pages.begin());
  file.descriptor.fields[0].logical_type = "map:int32";
  const Array column = open_file(file).read_column(0, 2, 2);
  EXPECT_EQ(column.text(1), "");
  EXPECT_TRUE(column.is_null(1));
}

TEST(DataFileReaderTest, RejectsAWrongNumberOfRows) {
  const DataFileReader file = open_file(integer_file());
  expect_corrupt("a column has 5 rows, expected 6", [&] { (void)file.read_column(0, 6, 10); });
}

TEST(DataFileReaderTest, RejectsMoreItemsThanAllowed) {
  const DataFileReader file = open_file(integer_file());
  expect_corrupt("column 0, page 1: a page has 2 rows or items, expected at most 1",
                 [&] { (void)file.read_column(0, 5, 4); });
}

TEST(DataFileReaderTest, RejectsPagesThatShareTheirBytes) {
  TestFile file = integer_file();
  file.columns[0].pages.resize(1);
  file.body.resize(4096);
  file.columns[0].pages[0].buffers = {{0, 4096}};
  EXPECT_EQ(open_file(file).columns()[0].pages.size(), 1);
  file.columns[0].pages.push_back(file.columns[0].pages[0]);
  expect_corrupt("pages overlap: together their buffers are larger than the file",
                 [&] { (void)open_file(file); });
}

TEST(DataFileReaderTest, RejectsRowsWhoseSumWraps) {
  TestFile file = integer_file();
  file.columns[0].pages[1].rows = ~std::uint64_t{0};
  expect_corrupt("more than 2^64 rows", [&] { (void)open_file(file).read_column(0, 2, 10); });
}

TEST(DataFileReaderTest, RejectsAColumnThatDoesNotExist) {
  const DataFileReader file = open_file(integer_file());
  expect_corrupt("column 1 does not exist; the file has 1 columns",
                 [&] { (void)file.read_column(1, 5, 5); });
}

TEST(DataFileReaderTest, RejectsValuesThatAreNotOfTheSchemasType) {
  TestFile file = integer_file();
  file.descriptor.fields[0].logical_type = "string";
  expect_corrupt("a page has values of 64 bits, expected values of variable width",
                 [&] { (void)open_file(file).read_column(0, 5, 5); });
}

TEST(DataFileReaderTest, RejectsPagesOfAnotherFormatThanTheFooterSays) {
  TestFile file = integer_file();
  file.major = 0;
  file.minor = 3;
  const DataFileReader reader = open_file(file);
  EXPECT_EQ(reader.version(), (FormatVersion{2, 0}));
  expect_unsupported("a page of format 2.0 has message type /lance.encodings21.PageLayout",
                     [&] { (void)reader.read_column(0, 5, 5); });
}

TEST(DataFileReaderTest, ErrorsNameColumnPageAndOffset) {
  TestFile file = integer_file();
  file.columns[0].pages[1].encoding = view(message(5, ""));
  const DataFileReader reader = open_file(file);
  expect_unsupported("column 0, page 1: the page has layout 5",
                     [&] { (void)reader.read_column(0, 5, 5); });
  try {
    (void)reader.read_column(0, 5, 5);
  } catch (const Error& error) {
    EXPECT_EQ(error.file(), "test.bin");
    ASSERT_TRUE(error.offset().has_value());
    EXPECT_LT(*error.offset(), file.bytes().size());
    EXPECT_EQ(std::string(error.what()).find("test.bin", 1), std::string::npos) << error.what();
  }
}

TEST(DataFileReaderTest, RejectsEveryPrefix) {
  const std::string bytes = integer_file().bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW((void)DataFileReader::open(view(bytes.substr(0, length))), Error) << length;
  }
}

TEST(DataFileReaderTest, SurvivesFlippedBits) {
  const std::string bytes = integer_file().bytes();
  int rejected = 0;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    try {
      const Array column = DataFileReader::open(view(damaged)).read_column(0, 5, 5);
      EXPECT_EQ(column.rows, 5);
    } catch (const Error&) {
      ++rejected;
    }
  }
  EXPECT_GT(rejected, 1000);
}

}  // namespace
}  // namespace lancekeep::lance
