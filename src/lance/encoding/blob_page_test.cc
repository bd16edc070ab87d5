// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/mini_block_testing.h"

namespace lancekeep::lance {
namespace {

// (position, size): a value, an empty one, a null.
TestPage blobs(std::uint64_t outer_layer,
               const std::string& inner_values = packed_struct({64, 64}, 128)) {
  TestPage page = mini_block(mini_block_layout(inner_values, {1}, 1, 3),
                             {{.values = {raw<std::uint64_t>({640, 10, 0, 0, 65536, 0})}}}, 3);
  page.layout = message(4, message(1, page.layout) + layers(2, {outer_layer}));
  return page;
}

TEST(BlobPageTest, GivesDescriptors) {
  const Array page = blobs(3).decode();
  EXPECT_EQ(page.item_bits, 128);
  EXPECT_EQ(page.row_valid, (std::vector<std::uint8_t>{1, 1, 0}));
  EXPECT_EQ(numbers<std::uint64_t>(page.data), (std::vector<std::uint64_t>{640, 10, 0, 0, 0, 0}));
}

TEST(BlobPageTest, RefusesLists) {
  TestPage page = blobs(3);
  page.layout = message(4, message(1, message(2, layers(5, {3}))) + layers(2, {1, 2}));
  expect_unsupported("a blob page (layout 4) of lists", [&] { (void)page.decode(); });
}

TEST(BlobPageTest, RefusesDescriptorsOfAnotherWidth) {
  const TestPage page = blobs(3, flat(64));
  expect_corrupt("descriptors have 64 bits, expected 128", [&] { (void)page.decode(); });
}

TEST(BlobPageTest, RefusesDescriptorsThatAreNull) {
  TestPage page = blobs(3);
  page.layout = message(4, message(1, message(2, layers(5, {3}))) + layers(2, {3}));
  page.buffers.clear();
  expect_corrupt("a blob page's descriptors have 0 bits", [&] { (void)page.decode(); });
}

TEST(BlobPageTest, RefusesEveryPrefix) {
  for (const std::size_t index : {0U, 1U})
    expect_refused_when_cut(blobs(3), index, blobs(3).buffers[index].size());
}

TEST(BlobPageTest, SurvivesDamage) { EXPECT_GT(refused_when_damaged(blobs(3)), 50); }

}  // namespace
}  // namespace lancekeep::lance
