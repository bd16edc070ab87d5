// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_layout.h"

#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

PageLayout layout(const std::string& encoded) { return decode_page_layout(view(encoded)); }

TEST(PageLayoutTest, ReadsMiniBlock) {
  const PageLayout page =
      layout(message(1, message(1, flat(16)) + message(2, inline_packed(16)) +
                            message(3, flat(32)) + message(4, variable(32)) + varint(5, 3) +
                            layers(6, {1, 6}) + varint(7, 1) + varint(9, 10) + varint(10, 1)));
  const auto& mini = std::get<MiniBlockLayout>(page.layout);
  EXPECT_EQ(mini.dictionary_items, 3);
  EXPECT_EQ(mini.layers, (std::vector<std::uint64_t>{1, 6}));
  EXPECT_EQ(mini.num_buffers, 1);
  EXPECT_EQ(mini.items, 10);
  EXPECT_TRUE(mini.large_chunks);
  EXPECT_EQ(
      to_string(page),
      "mini-block, layers 1 6, levels flat 16 / inline bit-packing 16, values flat 32, dictionary "
      "variable(flat 32)");
}

TEST(PageLayoutTest, ReadsConstant) {
  const PageLayout page =
      layout(message(2, layers(5, {3}) + message(6, "abcd") + message(7, flat(16)) +
                            message(8, flat(16)) + varint(9, 4) + varint(10, 5)));
  const auto& constant = std::get<ConstantLayout>(page.layout);
  EXPECT_EQ(constant.value->text(), "abcd");
  EXPECT_EQ(constant.rep_levels, 4);
  EXPECT_EQ(constant.def_levels, 5);
  EXPECT_EQ(to_string(page), "constant, layers 3, levels flat 16 / flat 16, inline value");
}

TEST(PageLayoutTest, ReadsPackedLayers) {
  const PageLayout page = layout(message(2, message(5, std::string("\1\2", 2))));
  EXPECT_EQ(std::get<ConstantLayout>(page.layout).layers, (std::vector<std::uint64_t>{1, 2}));
}

TEST(PageLayoutTest, ReadsFullZip) {
  const PageLayout page = layout(
      message(3, varints({{2, 1}, {4, 64}, {5, 7}}) + message(7, variable(64)) + layers(8, {3})));
  const auto& zip = std::get<FullZipLayout>(page.layout);
  EXPECT_EQ(zip.def_bits, 1);
  EXPECT_EQ(zip.length_bits, 64);
  EXPECT_EQ(zip.items, 7);
  EXPECT_EQ(to_string(page), "full-zip, layers 3, values variable(flat 64)");
}

TEST(PageLayoutTest, ReadsBlob) {
  const std::string inner = message(1, message(3, flat(128)));
  EXPECT_EQ(to_string(layout(message(4, message(1, inner) + layers(2, {3})))),
            "blob, layers 3, mini-block, layers , levels - / -, values flat 128");
}

TEST(PageLayoutTest, RejectsAnUnknownLayout) {
  expect_unsupported("layout 5", [] { return layout(message(5, "")); });
}

TEST(PageLayoutTest, RejectsAMissingLayout) {
  expect_corrupt("the page has no layout", [] { return layout(""); });
}

TEST(PageLayoutTest, RejectsMiniBlockWithoutValues) {
  expect_corrupt("mini-block layout does not say how its values are encoded",
                 [] { return layout(message(1, "")); });
}

TEST(PageLayoutTest, RejectsFullZipWithoutValues) {
  expect_corrupt("full-zip layout does not say how its values are encoded",
                 [] { return layout(message(3, "")); });
}

TEST(PageLayoutTest, RejectsBlobWithoutDescriptors) {
  expect_corrupt("blob layout has no layout", [] { return layout(message(4, "")); });
}

TEST(PageLayoutTest, RejectsBlobWithinBlob) {
  const std::string inner = message(4, message(1, message(2, "")));
  expect_corrupt("a blob layout contains a blob layout",
                 [&] { return layout(message(4, message(1, inner))); });
}

TEST(PageLayoutTest, RejectsTextInsteadOfANumber) {
  expect_corrupt("a mini-block layout is not a well-formed protobuf message",
                 [] { return layout(message(1, message(3, flat(8)) + message(9, "x"))); });
}

}  // namespace
}  // namespace lancekeep::lance
