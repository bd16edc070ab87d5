// SPDX-License-Identifier: Apache-2.0
// What the writer and the page encoders write, the reader reads: every kind of column, at the edges
// of a page. That pylance reads it too is held in tests/interop.
#include "lance/file/data_file_writer.h"

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"
#include "lance/file/data_file_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::lance {
namespace {

using Int64s = std::vector<std::int64_t>;

constexpr std::uint64_t kManyItems = 1 << 24;

// Row counts around the 4,096 values and 32 KiB that a page of the format holds.
class WrittenColumn : public testing::TestWithParam<std::size_t> {
 protected:
  template <typename Row, typename Encode>
  Array written(const std::vector<Row>& rows, Encode encode) {
    const auto storage = io::open_local_storage(folder_.path());
    {
      const auto file = storage->create("column.lance");
      DataFileWriter writer(*file);
      add_pages(writer, 0, rows, encode);
      (void)writer.finish({.rows = rows.size()});
    }
    const auto reader = DataFileReader::open(storage->map("column.lance", io::MapMode::read_only));
    EXPECT_EQ(reader.version(), kWrittenFormat);
    EXPECT_EQ(reader.descriptor().rows, rows.size());
    storage->remove("column.lance");
    return reader.read_column(0, rows.size(), kManyItems);
  }

  const io::TemporaryFolder folder_;
};

TEST_P(WrittenColumn, OfStrings) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < GetParam(); ++i) rows.push_back(std::string(i % 61, 'a' + i % 26));
  const Array column = written(rows, encode_strings);
  for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(column.text(i), rows[i]) << i;
}

TEST_P(WrittenColumn, OfTheLongestStrings) {
  const std::vector<std::string> rows(GetParam() % 100 + 1, std::string(kMaxStringBytes, 'x'));
  const Array column = written(rows, encode_strings);
  for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(column.text(i), rows[i]) << i;
}

TEST_P(WrittenColumn, OfOptionalStrings) {
  std::vector<OptionalText> rows;
  for (std::size_t i = 0; i < GetParam(); ++i) {
    rows.push_back(i % 3 == 0 ? OptionalText() : OptionalText(std::to_string(i)));
  }
  const Array column = written(rows, encode_optional_strings);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(column.is_null(i), !rows[i].has_value()) << i;
    ASSERT_EQ(column.text(i), rows[i].value_or("")) << i;
  }
}

TEST_P(WrittenColumn, OfNullsAlone) {
  const std::vector<OptionalText> rows(GetParam());
  const Array column = written(rows, encode_optional_strings);
  for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_TRUE(column.is_null(i)) << i;
}

TEST_P(WrittenColumn, OfIntegers) {
  Int64s rows;
  for (std::size_t i = 0; i < GetParam(); ++i)
    rows.push_back(static_cast<std::int64_t>(i << 20) - 5);
  const Array column = written(rows, encode_int64);
  for (std::size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(column.value<std::int64_t>(i), rows[i]);
}

TEST_P(WrittenColumn, OfLists) {
  std::vector<Int64s> rows;
  for (std::size_t i = 0; i < GetParam(); ++i)
    rows.push_back(Int64s(i % 5, static_cast<std::int64_t>(i)));
  const Array column = written(rows, encode_int64_lists);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(column.list_offsets[i + 1] - column.list_offsets[i], rows[i].size()) << i;
    for (auto item = column.list_offsets[i]; item < column.list_offsets[i + 1]; ++item) {
      ASSERT_EQ(column.value<std::int64_t>(item), static_cast<std::int64_t>(i));
    }
  }
}

TEST_P(WrittenColumn, OfEmptyLists) {
  const Array column = written(std::vector<Int64s>(GetParam()), encode_int64_lists);
  EXPECT_EQ(column.list_offsets.back(), 0u);
  EXPECT_EQ(column.rows, GetParam());
}

TEST_P(WrittenColumn, OfBlobs) {
  std::vector<BlobDescriptor> rows;
  for (std::size_t i = 0; i < GetParam(); ++i) {
    rows.push_back(i % 4 == 0 ? BlobDescriptor{} : BlobDescriptor{i * 256, i});
  }
  const Array column = written(rows, encode_blobs);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_FALSE(column.is_null(i));
    ASSERT_EQ(column.value<BlobDescriptor>(i), rows[i]) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, WrittenColumn,
                         testing::Values(1, 2, 127, 2046, 2047, 4095, 4096, 4097, 20000));

TEST(DataFileWriter, AlignsWhatIsWritten) {
  const io::TemporaryFolder folder;
  const auto storage = io::open_local_storage(folder.path());
  const auto file = storage->create("f");
  DataFileWriter writer(*file);
  const std::vector<std::byte> large(3 << 20);
  EXPECT_EQ(writer.align(256), 0u);
  writer.write(std::span(large).first(1));
  EXPECT_EQ(writer.align(256), 256u);
  writer.write(large);
  EXPECT_EQ(writer.position(), 256u + large.size());
  EXPECT_EQ(writer.align(4096), 4096u + large.size());
}

TEST(PageEncoder, RefusesAStringThatFitsNoPage) {
  const std::vector<std::string> rows = {std::string(kMaxStringBytes + 1, 'x')};
  EXPECT_THAT([&] { (void)encode_strings(rows); },
              io::fails_with(ErrorCode::invalid_argument, "16385 is too long for a page; 16384"));
}

TEST(PageEncoder, RefusesAListThatFitsNoPage) {
  const std::vector<Int64s> rows = {Int64s(kMaxListItems + 1)};
  EXPECT_THAT([&] { (void)encode_int64_lists(rows); },
              io::fails_with(ErrorCode::invalid_argument, "1025 is too long for a page; 1024"));
}

}  // namespace
}  // namespace lancekeep::lance
