// SPDX-License-Identifier: Apache-2.0
// DataFileReader reads every kind of column that the writer and the page encoders write, at the
// edges of a page; tests/interop checks that pylance reads them too. DataFileReader and ListColumn
// read what ListColumnWriter writes, at the edges of chunks, pages and pieces; tests/plain checks
// that pylance reads it too.

#include "lance/file/data_file_writer.h"

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"
#include "lance/file/data_file_reader.h"
#include "lance/file/file_testing.h"
#include "lance/file/list_column.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

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

TEST(DataFileWriter, AlignsBuffers) {
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

TEST(PageEncoder, RejectsAStringThatFitsNoPage) {
  const std::vector<std::string> rows = {std::string(kMaxStringBytes + 1, 'x')};
  EXPECT_THAT([&] { (void)encode_strings(rows); },
              io::fails_with(ErrorCode::invalid_argument,
                             "16385 is too long for a page; the limit is 16384"));
}

TEST(PageEncoder, RejectsAListThatFitsNoPage) {
  const std::vector<Int64s> rows = {Int64s(kMaxListItems + 1)};
  EXPECT_THAT([&] { (void)encode_int64_lists(rows); },
              io::fails_with(ErrorCode::invalid_argument,
                             "1025 is too long for a page; the limit is 1024"));
}

using Lengths = std::vector<std::uint64_t>;
using Doubles = std::vector<double>;

Doubles items_of(const Lengths& lengths) {
  Doubles items(std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0}));
  std::iota(items.begin(), items.end(), 0.5);
  return items;
}

class WrittenLists : public testing::TestWithParam<Lengths> {
 protected:
  // A file of one column, written in pieces of `piece` bytes.
  DataFileReader written(const Lengths& lengths, const Doubles& items, std::size_t piece) {
    {
      const auto file = storage_->create("lists.lance");
      DataFileWriter writer(*file);
      ListColumnWriter column(writer, 0, lengths);
      for (auto left = std::as_bytes(std::span(items)); !left.empty();) {
        const auto part = left.first(std::min(left.size(), piece));
        column.write(part);
        left = left.subspan(part.size());
      }
      column.finish();
      (void)writer.finish(
          {.fields = {field(0, -1, "list"), field(1, 0, "double")}, .rows = lengths.size()});
    }
    auto reader = DataFileReader::open(storage_->map("lists.lance", io::MapMode::read_only));
    storage_->remove("lists.lance");
    return reader;
  }

  const io::TemporaryFolder folder_;
  const std::unique_ptr<io::Storage> storage_ = io::open_local_storage(folder_.path());
};

TEST_P(WrittenLists, AreReadBack) {
  const Lengths& lengths = GetParam();
  const Doubles items = items_of(lengths);
  for (const std::size_t piece : {std::size_t{1} << 22, std::size_t{10007}}) {
    const DataFileReader file = written(lengths, items, piece);
    const ListColumn column = ListColumn::open(file, 0, lengths.size(), kManyItems);
    ASSERT_EQ(column.values(), items.size());
    Doubles found(items.size());
    const ListRows rows = column.decode(std::as_writable_bytes(std::span(found)), 2);
    EXPECT_TRUE(found == items);
    Lengths ends{0};
    for (const std::uint64_t length : lengths) ends.push_back(ends.back() + length);
    EXPECT_EQ(rows.offsets, ends);
    EXPECT_TRUE(rows.row_valid.empty());
    EXPECT_TRUE(rows.value_valid.empty());
    const Array array = file.read_column(0, lengths.size(), kManyItems);
    EXPECT_EQ(array.list_offsets, ends);
    EXPECT_TRUE(array.row_valid.empty());
  }
}

Lengths many(std::size_t count, std::uint64_t length) { return Lengths(count, length); }

INSTANTIATE_TEST_SUITE_P(Lengths, WrittenLists,
                         testing::Values(Lengths{1}, Lengths{0}, Lengths{0, 0, 0}, Lengths{63},
                                         Lengths{64}, Lengths{65}, Lengths{1023}, Lengths{1024},
                                         Lengths{1025}, Lengths{1024 + 62, 1, 1}, Lengths{2047},
                                         Lengths{2048}, Lengths{2049}, Lengths{2047, 1, 1},
                                         Lengths{2048, 1}, Lengths{1, 2048, 2048, 4096, 1},
                                         Lengths{0, 5, 0, 0, 7}, Lengths{3, 0}, many(5000, 1),
                                         many(5000, 0), many(3000, 7), Lengths{1 << 20, 1},
                                         Lengths{(1 << 20) - 1, 1, 1}, Lengths{(1 << 20) + 1},
                                         Lengths{3, (2 << 20) + 17, 0, 4}));

TEST_F(WrittenLists, HavePagesOf8MiB) {
  const Lengths lengths(10, 300'000);
  const DataFileReader file = written(lengths, items_of(lengths), 1 << 22);
  std::vector<std::uint64_t> rows;
  for (const Page& page : file.column(0).pages) rows.push_back(page.rows);
  EXPECT_EQ(rows, (std::vector<std::uint64_t>{3, 3, 3, 1}));
}

TEST_F(WrittenLists, RejectsMoreItemsThanDeclared) {
  EXPECT_THAT([&] { (void)written({2, 3}, Doubles(6), 16); },
              io::fails_with(ErrorCode::invalid_argument, "8 bytes more than the lists"));
}

TEST_F(WrittenLists, RejectsFewerItemsThanDeclared) {
  EXPECT_THAT([&] { (void)written({2, 3}, Doubles(4), 16); },
              io::fails_with(ErrorCode::invalid_argument, "fewer items than declared"));
}

}  // namespace

}  // namespace lancekeep::lance
