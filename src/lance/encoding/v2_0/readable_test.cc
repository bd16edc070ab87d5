// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/readable.h"

#include "io/testing/error_matcher.h"
#include "lance/encoding/v2_0/v2_0_testing.h"

#include <gmock/gmock.h>

namespace lancekeep::lance::v2_0 {
namespace {

Page page(const std::string& encoding) {
  Page result;
  result.type_url = "/lance.encodings.ArrayEncoding";
  result.encoding = view(encoding);
  return result;
}

void expect_read(const std::string& encoding) { EXPECT_NO_THROW(require_readable(page(encoding))); }

void expect_unread(const std::string& encoding, const char* part) {
  EXPECT_THAT([&] { require_readable(page(encoding)); },
              io::fails_with(ErrorCode::unsupported, part));
}

std::string texts() { return binary(no_nulls(flat(64, 0)), no_nulls(flat(8, 1)), 7); }

TEST(ReadableArray, WhatWritersWrite) {
  for (const std::string& encoding :
       {no_nulls(flat(64, 0)), no_nulls(flat(64, 0, "zstd")), all_nulls(),
        some_nulls(flat(1, 0), flat(64, 1)), no_nulls(fixed_lists(3, no_nulls(flat(32, 0)))),
        some_nulls(flat(1, 0), fixed_lists(3, some_nulls(flat(1, 1), flat(32, 2)))), texts(),
        list(no_nulls(flat(64, 0)), 5, 4), dictionary(no_nulls(flat(8, 0)), texts(), 2),
        fsst_of(texts(), ""), message(5, "")}) {
    expect_read(encoding);
  }
}

TEST(ReadableArray, WhatTheyDoNot) {
  expect_unread(message(10, ""), "encoding 10 of format 2.0");
  expect_unread(message(13, ""), "encoding 13 of format 2.0");
  expect_unread(message(42, ""), "encoding 42");
  expect_unread(no_nulls(flat(12, 0)), "flat 12");
  expect_unread(fixed_lists(3, texts()), "fixed-size list 3");
  expect_unread(fixed_lists(2, some_nulls(flat(1, 0), fixed_lists(3, no_nulls(flat(32, 1))))),
                "fixed-size list 2");
  expect_unread(fsst_of(flat(64, 0), ""), "flat 64");
}

TEST(ReadableArray, PagesOfAnotherFormatAreNot) {
  Page other = page(flat(64, 0));
  other.type_url = "/lance.encodings21.PageLayout";
  EXPECT_THAT([&] { require_readable(other); },
              io::fails_with(ErrorCode::unsupported, "PageLayout"));
  EXPECT_EQ(encoding_words(other), "?");
  EXPECT_EQ(encoding_words(page(texts())), "binary(flat 64, flat 8)");
}

}  // namespace
}  // namespace lancekeep::lance::v2_0
