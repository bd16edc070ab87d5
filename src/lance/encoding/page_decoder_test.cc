// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_decoder.h"

#include "io/testing/error_matcher.h"
#include "lance/encoding/encoding_testing.h"
#include "lance/encoding/mini_block_testing.h"

#include <gmock/gmock.h>

namespace lancekeep::lance {
namespace {

// A page that repeats one value three times; its buffer is at byte 64.
Page valid_page() {
  Page page;
  page.rows = 3;
  page.type_url = "/lance.encodings21.PageLayout";
  page.encoding = view(message(2, layers(5, {1})));
  page.buffers = {{64, 16}};
  return page;
}
const std::string kFile =
    std::string(64, '-') + raw<std::uint32_t>({1, 8}) + raw<std::uint64_t>({7});

TEST(PageDecoderTest, DecodesFromItsBuffers) {
  Array array;
  decode_page(view(kFile), valid_page(), 3, array);
  EXPECT_EQ(array.rows, 3);
  EXPECT_EQ(array.value<std::uint64_t>(2), 7);
}

TEST(PageDecoderTest, CountsEarlierPages) {
  Array array;
  decode_page(view(kFile), valid_page(), 5, array);
  expect_corrupt("a page has 3 rows or items, expected at most 2",
                 [&] { decode_page(view(kFile), valid_page(), 5, array); });
  EXPECT_EQ(array.rows, 3);
}

TEST(PageDecoderTest, RejectsOtherMessageTypes) {
  Page page = valid_page();
  page.type_url = "/lance.encodings23.PlanarLayout";
  Array array;
  expect_unsupported("a page has message type /lance.encodings23.PlanarLayout",
                     [&] { decode_page(view(kFile), page, 3, array); });
}

TEST(PageDecoderTest, RejectsMisalignedBuffers) {
  Page page = valid_page();
  page.buffers[0].offset = 32;
  Array array;
  expect_corrupt("starts at byte 32, expected a multiple of 64",
                 [&] { decode_page(view(kFile), page, 3, array); });
}

TEST(PageDecoderTest, RejectsBuffersBeyondTheFile) {
  Page page = valid_page();
  page.buffers[0].size = 17;
  Array array;
  expect_corrupt("a page buffer needs 17 bytes", [&] { decode_page(view(kFile), page, 3, array); });
}

TEST(PageDecoderTest, RejectsAnOffsetWhoseEndWraps) {
  Page page = valid_page();
  page.buffers[0] = {~std::uint64_t{0} - 63, 128};
  Array array;
  expect_corrupt("a page buffer would start at byte",
                 [&] { decode_page(view(kFile), page, 3, array); });
}

TEST(PageDecoderTest, RejectsAPageOfAnotherType) {
  Array array;
  set_type(array, 0);
  expect_corrupt("a page has values of 64 bits, expected values of variable width",
                 [&] { decode_page(view(kFile), valid_page(), 3, array); });
}

// (position, size): a value, an empty one, a null.
TestPage blobs(std::uint64_t outer_layer,
               const std::string& inner_values = packed_struct({64, 64}, 128)) {
  TestPage page = mini_block(mini_block_layout(inner_values, {1}, 1, 3),
                             {{.values = {raw<std::uint64_t>({640, 10, 0, 0, 65536, 0})}}}, 3);
  page.layout = message(4, message(1, page.layout) + layers(2, {outer_layer}));
  return page;
}

TEST(BlobPageTest, ReadsDescriptors) {
  const Array page = blobs(3).decode();
  EXPECT_EQ(page.item_bits, 128);
  EXPECT_EQ(page.row_valid, (std::vector<std::uint8_t>{1, 1, 0}));
  EXPECT_EQ(numbers<std::uint64_t>(page.data), (std::vector<std::uint64_t>{640, 10, 0, 0, 0, 0}));
}

TEST(BlobPageTest, RejectsLists) {
  TestPage page = blobs(3);
  page.layout = message(4, message(1, message(2, layers(5, {3}))) + layers(2, {1, 2}));
  expect_unsupported("a blob page (layout 4) has lists", [&] { (void)page.decode(); });
}

TEST(BlobPageTest, RejectsDescriptorsOfAnotherWidth) {
  const TestPage page = blobs(3, flat(64));
  expect_corrupt("descriptors have 64 bits, expected 128", [&] { (void)page.decode(); });
}

TEST(BlobPageTest, RejectsDescriptorsThatAreNull) {
  TestPage page = blobs(3);
  page.layout = message(4, message(1, message(2, layers(5, {3}))) + layers(2, {3}));
  page.buffers.clear();
  expect_corrupt("a blob page's descriptors have 0 bits", [&] { (void)page.decode(); });
}

TEST(BlobPageTest, RejectsEveryPrefix) {
  for (const std::size_t index : {0U, 1U})
    expect_rejected_when_cut(blobs(3), index, blobs(3).buffers[index].size());
}

TEST(BlobPageTest, SurvivesDamage) { EXPECT_GT(rejected_when_damaged(blobs(3)), 50); }

Page page(const std::string& layout) {
  Page result;
  result.type_url = "/lance.encodings21.PageLayout";
  result.encoding = view(layout);
  return result;
}

std::string chunks(const std::string& values) {
  return message(1, message(3, values) + layers(6, {1}) + varint(7, 1));
}

std::string zipped(const std::string& values, std::uint64_t bits) {
  return message(3, varint(3, bits) + message(7, values) + layers(8, {1}));
}

void expect_decodable(const std::string& layout) {
  EXPECT_NO_THROW(require_decodable(page(layout)));
}

void expect_undecodable(const std::string& layout, const char* part) {
  EXPECT_THAT([&] { require_decodable(page(layout)); },
              io::fails_with(ErrorCode::unsupported, part));
}

TEST(RequireDecodable, AcceptsTheEncodingsOfChunks) {
  for (const std::string& values :
       {flat(1), flat(64), variable(32), variable(64), inline_packed(32), run_length(64),
        byte_stream_split(32), general(2, flat(64)), general(1, variable(32)),
        fsst("", variable(32)), fixed_size_list(4, flat(32)), fixed_size_list(4, flat(32), true),
        fixed_size_list(2, fixed_size_list(4, flat(32), true)), packed_struct({32, 32}, 64)}) {
    expect_decodable(chunks(values));
  }
}

TEST(RequireDecodable, RejectsOtherEncodingsOfChunks) {
  expect_undecodable(chunks(out_of_line(32, 7)), "out-of-line bit-packing");
  expect_undecodable(chunks(message(7, "")), "dictionary (encoding 7)");
  expect_undecodable(chunks(message(13, "")), "variable packed struct (encoding 13)");
  expect_undecodable(chunks(message(99, "")), "encoding 99");
  expect_undecodable(chunks(flat(12)), "values of 12 bits");
  expect_undecodable(chunks(variable(16)), "variable");
  expect_undecodable(chunks(fsst("", flat(8))), "fsst");
  expect_undecodable(chunks(fixed_size_list(2, fixed_size_list(4, flat(32)), true)),
                     "with validity");
  expect_undecodable(chunks(general(2, message(13, ""))), "encoding 13");
}

TEST(RequireDecodable, KnowsTheEncodingsOfFullZipPages) {
  expect_decodable(zipped(flat(64), 64));
  expect_decodable(zipped(fixed_size_list(4, flat(32)), 128));
  expect_decodable(zipped(variable(32), 0));
  expect_decodable(zipped(general(2, variable(32)), 0));
  expect_decodable(zipped(message(3, ""), 0));  // constant: all null
  expect_undecodable(zipped(run_length(64), 64), "run-length");
  expect_undecodable(zipped(message(13, ""), 0), "encoding 13");
}

TEST(RequireDecodable, KnowsTheOtherLayouts) {
  expect_decodable(message(2, layers(5, {3})));
  expect_undecodable(message(9, ""), "the page has layout 9");
  const std::string inner = message(1, chunks(packed_struct({64, 64}, 128)));
  expect_decodable(message(4, inner + layers(2, {1})));
  expect_undecodable(message(4, inner + layers(2, {1, 5})), "a blob page (layout 4) has lists");
}

TEST(RequireDecodable, RejectsPagesOfAnotherFormat) {
  Page other = page(chunks(flat(64)));
  other.type_url = "/lance.encodings.ArrayEncoding";
  EXPECT_THAT([&] { require_decodable(other); },
              io::fails_with(ErrorCode::unsupported, "ArrayEncoding"));
  EXPECT_EQ(describe_encoding(other), "?");
}

TEST(DescribeEncoding, DescribesTheLayout) {
  EXPECT_EQ(describe_encoding(page(chunks(flat(64)))),
            "mini-block, layers 1, levels - / -, values flat 64");
}

}  // namespace

}  // namespace lancekeep::lance
