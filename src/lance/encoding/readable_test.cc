// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/readable.h"

#include "io/testing/error_matcher.h"
#include "lance/encoding/encoding_testing.h"

#include <gmock/gmock.h>

namespace lancekeep::lance {
namespace {

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

void expect_read(const std::string& layout) { EXPECT_NO_THROW(require_readable(page(layout))); }

void expect_unread(const std::string& layout, const char* part) {
  EXPECT_THAT([&] { require_readable(page(layout)); },
              io::fails_with(ErrorCode::unsupported, part));
}

TEST(Readable, WhatChunksMayHave) {
  for (const std::string& values :
       {flat(1), flat(64), variable(32), variable(64), inline_packed(32), run_length(64),
        byte_stream_split(32), general(2, flat(64)), general(1, variable(32)),
        fsst("", variable(32)), fixed_size_list(4, flat(32)), fixed_size_list(4, flat(32), true),
        fixed_size_list(2, fixed_size_list(4, flat(32), true)), packed_struct({32, 32}, 64)}) {
    expect_read(chunks(values));
  }
}

TEST(Readable, WhatChunksMayNotHave) {
  expect_unread(chunks(out_of_line(32, 7)), "out-of-line bit-packing");
  expect_unread(chunks(message(7, "")), "dictionary (encoding 7)");
  expect_unread(chunks(message(13, "")), "variable packed struct (encoding 13)");
  expect_unread(chunks(message(99, "")), "encoding 99");
  expect_unread(chunks(flat(12)), "values of 12 bits");
  expect_unread(chunks(variable(16)), "variable");
  expect_unread(chunks(fsst("", flat(8))), "fsst");
  expect_unread(chunks(fixed_size_list(2, fixed_size_list(4, flat(32)), true)), "with validity");
  expect_unread(chunks(general(2, message(13, ""))), "encoding 13");
}

TEST(Readable, WhatFullZipPagesMayHave) {
  expect_read(zipped(flat(64), 64));
  expect_read(zipped(fixed_size_list(4, flat(32)), 128));
  expect_read(zipped(variable(32), 0));
  expect_read(zipped(general(2, variable(32)), 0));
  expect_read(zipped(message(3, ""), 0));  // constant: all null
  expect_unread(zipped(run_length(64), 64), "run-length");
  expect_unread(zipped(message(13, ""), 0), "encoding 13");
}

TEST(Readable, OtherLayouts) {
  expect_read(message(2, layers(5, {3})));
  expect_unread(message(9, ""), "the page has layout 9");
  const std::string inner = message(1, chunks(packed_struct({64, 64}, 128)));
  expect_read(message(4, inner + layers(2, {1})));
  expect_unread(message(4, inner + layers(2, {1, 5})), "a blob page (layout 4) of lists");
}

TEST(Readable, PagesOfAnotherFormatAreNot) {
  Page other = page(chunks(flat(64)));
  other.type_url = "/lance.encodings.ArrayEncoding";
  EXPECT_THAT([&] { require_readable(other); },
              io::fails_with(ErrorCode::unsupported, "ArrayEncoding"));
  EXPECT_EQ(encoding_words(other), "?");
}

TEST(EncodingWords, AreThoseOfTheLayout) {
  EXPECT_EQ(encoding_words(page(chunks(flat(64)))),
            "mini-block, layers 1, levels - / -, values flat 64");
}

}  // namespace
}  // namespace lancekeep::lance
