// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/array_encoding.h"

#include "lance/encoding/v2_0/v2_0_testing.h"

namespace lancekeep::lance::v2_0 {
namespace {

ArrayEncoding decoded(const std::string& message) { return decode_array_encoding(view(message)); }

TEST(ArrayEncodingTest, ReadsATree) {
  const ArrayEncoding list_of_texts = decoded(list(no_nulls(flat(64, 3)), 8, 7));
  EXPECT_EQ(list_of_texts.kind, ArrayKind::list);
  EXPECT_EQ(list_of_texts.adjustment, 8);
  EXPECT_EQ(list_of_texts.items, 7);
  EXPECT_EQ(list_of_texts.child().nulls, Nulls::none);
  EXPECT_EQ(list_of_texts.child().child().buffer, 3);
}

TEST(ArrayEncodingTest, DescribesItself) {
  EXPECT_EQ(to_string(decoded(binary(no_nulls(flat(64, 0)), flat(8, 1, "zstd"), 1))),
            "binary(flat 64, flat 8 zstd)");
  EXPECT_EQ(to_string(decoded(some_nulls(flat(1, 0), fixed_lists(3, flat(32, 1))))),
            "nullable(flat 1, fixed-size list 3(flat 32))");
  EXPECT_EQ(to_string(decoded(all_nulls())), "all null");
}

TEST(ArrayEncodingTest, RejectsAMissingEncoding) {
  expect_corrupt("does not say how its data is encoded", [] { return decoded(""); });
}

TEST(ArrayEncodingTest, RejectsAMissingChild) {
  expect_corrupt("the page's list encoding does not say",
                 [] { return decoded(message(4, "")).child().kind; });
}

TEST(ArrayEncodingTest, RejectsOtherCompressions) {
  expect_unsupported("a buffer is compressed with snappy, expected `lz4` or `zstd`",
                     [] { return decoded(flat(8, 0, "snappy")); });
}

TEST(ArrayEncodingTest, RejectsBuffersOutsideThePage) {
  expect_unsupported("is stored in the column's or the file's metadata",
                     [] { return decoded(message(1, varint(1, 8) + message(2, varint(2, 1)))); });
}

TEST(ArrayEncodingTest, RejectsEndlessNesting) {
  std::string nested = flat(8, 0);
  for (int depth = 0; depth < 40; ++depth) nested = no_nulls(nested);
  expect_unsupported("nested more than 16 deep", [&] { return decoded(nested); });
}

}  // namespace
}  // namespace lancekeep::lance::v2_0
