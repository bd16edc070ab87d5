// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

std::string encoding(const std::string& type_url, const std::string& value) {
  return message(2, message(1, message(1, type_url) + message(2, value)));
}

ColumnMetadata column() {
  ColumnMetadata result;
  result.type_url = "/lance.encodings.ColumnEncoding";
  result.encoding = view(message(1, ""));
  Page page;
  page.buffers = {{64, 10}, {128, 0}};
  page.rows = 5;
  page.first_row = 7;
  page.type_url = "/lance.encodings21.PageLayout";
  page.encoding = view("layout");
  result.pages = {page, page};
  return result;
}

TEST(ColumnMetadataTest, RoundTrips) {
  const ColumnMetadata read = decode_column_metadata(view(encode_column_metadata(column())));
  EXPECT_EQ(read.type_url, "/lance.encodings.ColumnEncoding");
  EXPECT_EQ(read.encoding.text(), message(1, ""));
  ASSERT_EQ(read.pages.size(), 2);
  const Page& page = read.pages[1];
  EXPECT_EQ(page.rows, 5);
  EXPECT_EQ(page.first_row, 7);
  EXPECT_EQ(page.type_url, "/lance.encodings21.PageLayout");
  EXPECT_EQ(page.encoding.text(), "layout");
  ASSERT_EQ(page.buffers.size(), 2);
  EXPECT_EQ(page.buffers[0].offset, 64);
  EXPECT_EQ(page.buffers[0].size, 10);
}

TEST(ColumnMetadataTest, WritesTheBytesThatLanceExpects) {
  ColumnMetadata small;
  small.type_url = "u";
  small.encoding = view("v");
  Page page;
  page.buffers = {{64, 3}};
  page.rows = 1;
  page.type_url = "p";
  page.encoding = view("q");
  small.pages = {page};
  const std::string written_page =
      message(1, "\x40") + message(2, "\3") + varint(3, 1) + message(4, encoding("p", "q"));
  EXPECT_EQ(encode_column_metadata(small),
            message(1, encoding("u", "v")) + message(2, written_page));
}

TEST(ColumnMetadataTest, ReadsAnEmptyColumn) {
  EXPECT_TRUE(decode_column_metadata(view("")).pages.empty());
}

TEST(ColumnMetadataTest, RejectsOffsetsWithoutSizes) {
  expect_corrupt("2 buffer offsets and 1 buffer sizes", [] {
    (void)decode_column_metadata(view(message(2, varint(1, 0) + varint(1, 64) + varint(2, 5))));
  });
}

TEST(ColumnMetadataTest, RejectsAnEncodingStoredElsewhere) {
  expect_unsupported("is stored outside its message",
                     [] { (void)decode_column_metadata(view(message(1, message(1, "")))); });
}

TEST(ColumnMetadataTest, RejectsANumberOfAnotherWireType) {
  expect_corrupt("a page is not a well-formed protobuf message",
                 [] { (void)decode_column_metadata(view(message(2, message(3, "x")))); });
}

TEST(ColumnMetadataTest, SurvivesEveryPrefix) {
  const std::string whole = encode_column_metadata(column());
  std::size_t rejected = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    try {
      (void)decode_column_metadata(view(whole.substr(0, length)));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::corrupt);
      ++rejected;
    }
  }
  EXPECT_EQ(rejected,
            whole.size() - 3);  // a prefix can end before or after either of the first two fields
}

}  // namespace
}  // namespace lancekeep::lance
