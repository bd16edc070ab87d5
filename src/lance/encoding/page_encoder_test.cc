// SPDX-License-Identifier: Apache-2.0
// Checks the bytes of chunk heads and tables; file/data_file_writer_test.cc reads them back.
#include "lance/encoding/page_encoder.h"

#include "lance/encoding/encoding_testing.h"
#include "lance/encoding/page_layout.h"

#include <gtest/gtest.h>

namespace lancekeep::lance {
namespace {

using Lengths = std::vector<std::uint64_t>;

// Encodes all heads; returns their number.
std::size_t run(ListPageEncoder& encoder) {
  std::size_t chunks = 0;
  while (encoder.next_items() > 0) {
    (void)encoder.next_head();
    ++chunks;
  }
  return chunks;
}

TEST(ListPageEncoder, AHeadHasSizesAndOneBitPerLevel) {
  const Lengths lengths{1, 64, 63, 1};
  ListPageEncoder encoder(lengths);
  EXPECT_EQ(encoder.next_items(), 129u);
  const std::string head = encoder.next_head();
  ASSERT_EQ(head.size(), 8u + 128u);
  EXPECT_EQ(head.substr(0, 8), raw<std::uint16_t>({129, 128, 129 * 8, 0}));
  // Rows start at 0, 1, 65 and 128: bit 0 of words 0 and 1, bit 8 of word 1, bit 1 of word 0.
  EXPECT_EQ(head.substr(8, 4), raw<std::uint16_t>({0b11, 0b1'0000'0001}));
  EXPECT_EQ(head.substr(12), std::string(124, '\0'));
  EXPECT_EQ(encoder.next_items(), 0u);
}

TEST(ListPageEncoder, TheTableHasSizesAndItemsOfAllButTheLastChunk) {
  const Lengths lengths{2 * kListChunkItems + 1};
  ListPageEncoder encoder(lengths);
  EXPECT_EQ(run(encoder), 3u);
  const std::uint16_t full = (8 + 256 + 2048 * 8) / 8 - 1;
  const std::uint16_t last = (8 + 128 + 8) / 8 - 1;
  EXPECT_EQ(encoder.chunk_table(), raw<std::uint16_t>({static_cast<std::uint16_t>(full << 4 | 11),
                                                       static_cast<std::uint16_t>(full << 4 | 11),
                                                       static_cast<std::uint16_t>(last << 4)}));
}

TEST(ListPageEncoder, TheIndexHasCompletedRowsAndOpenItems) {
  // 4 items of the second row are in the first chunk; the third row starts at a chunk and fills it.
  const Lengths lengths{2044, 2052, 2048, 5};
  ListPageEncoder encoder(lengths);
  EXPECT_EQ(run(encoder), 4u);
  EXPECT_EQ(encoder.repetition_index(), raw<std::uint64_t>({1, 4, 1, 0, 1, 0, 1, 0}));
}

TEST(ListPageEncoder, AllItemsOfAChunkInTheMiddleOfARowAreOpen) {
  const Lengths lengths{3 * kListChunkItems, 1};
  ListPageEncoder encoder(lengths);
  EXPECT_EQ(run(encoder), 4u);
  EXPECT_EQ(encoder.repetition_index(),
            raw<std::uint64_t>({0, kListChunkItems, 0, kListChunkItems, 1, 0, 1, 0}));
}

TEST(ListPageEncoder, TheLayoutNamesItsEncodings) {
  const Lengths lengths{3, 4};
  const ListPageEncoder encoder(lengths);
  const PageLayout layout = decode_page_layout(io::ByteView::of(encoder.layout(), "layout"));
  EXPECT_EQ(
      to_string(layout),
      "mini-block, layers 1 2, levels out-of-line bit-packing 16(flat 1) / -, values flat 64");
  EXPECT_EQ(std::get<MiniBlockLayout>(layout.layout).items, 7u);
}

}  // namespace
}  // namespace lancekeep::lance
