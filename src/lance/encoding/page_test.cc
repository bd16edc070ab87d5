// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page.h"

#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

// A page of one value, repeated three times, whose buffer is at byte 64.
Page valid_page() {
  Page page;
  page.rows = 3;
  page.type_url = "/lance.encodings21.PageLayout";
  page.encoding = view(message(2, layers(5, {1})));
  page.buffers = {{64, 16}};
  return page;
}
const std::string file =
    std::string(64, '-') + raw<std::uint32_t>({1, 8}) + raw<std::uint64_t>({7});

TEST(PageTest, DecodesFromItsBuffers) {
  Array array;
  decode_page(view(file), valid_page(), 3, array);
  EXPECT_EQ(array.rows, 3);
  EXPECT_EQ(array.value<std::uint64_t>(2), 7);
}

TEST(PageTest, CountsThePagesBefore) {
  Array array;
  decode_page(view(file), valid_page(), 5, array);
  expect_corrupt("a page has 3 rows or items, expected at most 2",
                 [&] { decode_page(view(file), valid_page(), 5, array); });
  EXPECT_EQ(array.rows, 3);
}

TEST(PageTest, RefusesAnotherMessage) {
  Page page = valid_page();
  page.type_url = "/lance.encodings23.PlanarLayout";
  Array array;
  expect_unsupported("a page is a /lance.encodings23.PlanarLayout",
                     [&] { decode_page(view(file), page, 3, array); });
}

TEST(PageTest, RefusesBuffersOffTheirAlignment) {
  Page page = valid_page();
  page.buffers[0].offset = 32;
  Array array;
  expect_corrupt("lies at byte 32, which is no multiple of 64",
                 [&] { decode_page(view(file), page, 3, array); });
}

TEST(PageTest, RefusesBuffersBeyondTheFile) {
  Page page = valid_page();
  page.buffers[0].size = 17;
  Array array;
  expect_corrupt("a page buffer needs 17 bytes", [&] { decode_page(view(file), page, 3, array); });
}

TEST(PageTest, RefusesAnOffsetWhoseEndWraps) {
  Page page = valid_page();
  page.buffers[0] = {~std::uint64_t{0} - 63, 128};
  Array array;
  expect_corrupt("a page buffer would start at byte",
                 [&] { decode_page(view(file), page, 3, array); });
}

TEST(PageTest, RefusesAPageOfAnotherType) {
  Array array;
  set_type(array, 0);
  expect_corrupt("a page has values of 64 bits, expected values of variable width",
                 [&] { decode_page(view(file), valid_page(), 3, array); });
}

}  // namespace
}  // namespace lancekeep::lance
