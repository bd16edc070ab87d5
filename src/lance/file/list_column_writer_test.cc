// SPDX-License-Identifier: Apache-2.0
// What the writer of list columns writes, both readers read: at the edges of chunks, pages and
// pieces. That pylance reads it too is held in tests/plain.
#include "lance/file/list_column_writer.h"

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

using Lengths = std::vector<std::uint64_t>;
using Doubles = std::vector<double>;

constexpr std::uint64_t kManyItems = 1 << 24;

Doubles items_of(const Lengths& lengths) {
  Doubles items(std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0}));
  std::iota(items.begin(), items.end(), 0.5);
  return items;
}

class WrittenLists : public testing::TestWithParam<Lengths> {
 protected:
  // A file of one column, `items` handed over in pieces of `piece` bytes.
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

TEST_F(WrittenLists, OfManyItemsHavePagesOf8MiB) {
  const Lengths lengths(10, 300'000);
  const DataFileReader file = written(lengths, items_of(lengths), 1 << 22);
  std::vector<std::uint64_t> rows;
  for (const Page& page : file.column(0).pages) rows.push_back(page.rows);
  EXPECT_EQ(rows, (std::vector<std::uint64_t>{3, 3, 3, 1}));
}

TEST_F(WrittenLists, MayNotHaveMoreItemsThanAnnounced) {
  EXPECT_THAT([&] { (void)written({2, 3}, Doubles(6), 16); },
              io::fails_with(ErrorCode::invalid_argument, "8 bytes more than the lists"));
}

TEST_F(WrittenLists, MayNotHaveFewerItemsThanAnnounced) {
  EXPECT_THAT([&] { (void)written({2, 3}, Doubles(4), 16); },
              io::fails_with(ErrorCode::invalid_argument, "fewer items than announced"));
}

}  // namespace
}  // namespace lancekeep::lance
