// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/header_text.h"

#include "formats/numpy/numpy_testing.h"
#include "io/byte_view.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

NpyHeaderText parse(const std::string& text) {
  return parse_npy_header_text(io::ByteView::of(text, "a.npy"), "w");
}

auto parsing(const std::string& text) {
  return [text] { (void)parse(text); };
}

auto parsing_shape(const std::string& shape) { return parsing(npy_header("'<f4'", shape)); }

TEST(NpyHeaderText, IsReadAsNumPyWritesIt) {
  const NpyHeaderText header =
      parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }       \n");
  EXPECT_EQ(header.descr, "<f4");
  EXPECT_FALSE(header.fortran_order);
  EXPECT_EQ(header.shape, (Shape{3, 4}));
}

TEST(NpyHeaderText, KeysComeInAnyOrderAndSpacesAnywhere) {
  const NpyHeaderText header =
      parse(" {\n\"shape\" :( 2 ,)\t, 'fortran_order':True,'descr':\"|u1\" } ");
  EXPECT_EQ(header.descr, "|u1");
  EXPECT_TRUE(header.fortran_order);
  EXPECT_EQ(header.shape, (Shape{2}));
}

TEST(NpyHeaderText, AnyShapeIsRead) {
  EXPECT_EQ(parse(npy_header("'<f4'", "()")).shape, Shape{});
  EXPECT_EQ(parse(npy_header("'<f4'", "(0,)")).shape, (Shape{0}));
  EXPECT_EQ(parse(npy_header("'<f4'", "(10, 0, 3,)")).shape, (Shape{10, 0, 3}));
  EXPECT_EQ(parse(npy_header("'<f4'", "(9223372036854775807, 1)")).shape, (Shape{INT64_MAX, 1}));
}

TEST(NpyHeaderText, LongNumbersOfPython2AreRead) {
  EXPECT_EQ(parse(npy_header("'<f4'", "(3L, 4L)")).shape, (Shape{3, 4}));
}

TEST(NpyHeaderText, EveryPrefixIsRefused) {
  const std::string text = npy_header("'<f4'", "(3, 4)");
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_THAT(parsing(text.substr(0, length)), fails_with(ErrorCode::corrupt, "the array `w`"));
  }
}

TEST(NpyHeaderText, OtherThanADictIsRefused) {
  EXPECT_THAT(parsing("[1]"), fails_with(ErrorCode::corrupt, "`{` here, where the dict starts"));
  EXPECT_THAT(parsing("{1: 2}"), fails_with(ErrorCode::corrupt, "should have a key in quotes"));
  EXPECT_THAT(parsing("{'descr' '<f4'}"), fails_with(ErrorCode::corrupt, "`:` here, behind a key"));
  EXPECT_THAT(parsing("{,}"), fails_with(ErrorCode::corrupt, "should have a key in quotes"));
  EXPECT_THAT(parsing("{'descr': '<f4' 'shape': ()}"),
              fails_with(ErrorCode::corrupt, "should have `,` or `}` here"));
}

TEST(NpyHeaderText, ANulIsNoEnd) {
  EXPECT_THAT(parsing(npy_header("'<f4'", "()") + std::string(1, '\0')),
              fails_with(ErrorCode::corrupt, "goes on after its dict"));
  EXPECT_THAT(parsing(std::string("{\0}", 3)), fails_with(ErrorCode::corrupt, "a key in quotes"));
}

TEST(NpyHeaderText, TextBehindTheDictIsRefused) {
  EXPECT_THAT(parsing(npy_header("'<f4'", "()") + " + x"),
              fails_with(ErrorCode::corrupt, "goes on after its dict"));
}

TEST(NpyHeaderText, MissingKeysAreRefused) {
  EXPECT_THAT(parsing("{}"), fails_with(ErrorCode::corrupt, "lacks one of its keys"));
  EXPECT_THAT(parsing("{'descr': '<f4', 'shape': ()}"),
              fails_with(ErrorCode::corrupt, "lacks one of its keys"));
}

TEST(NpyHeaderText, KeysTwiceAreRefused) {
  EXPECT_THAT(parsing("{'descr': '<f4', 'descr': '<f8'}"),
              fails_with(ErrorCode::corrupt, "has the key `descr` twice"));
  EXPECT_THAT(parsing("{'shape': (), 'shape': ()}"),
              fails_with(ErrorCode::corrupt, "has the key `shape` twice"));
}

TEST(NpyHeaderText, OtherKeysAreRefused) {
  EXPECT_THAT(parsing("{'descr': '<f4', 'size': 3}"),
              fails_with(ErrorCode::corrupt, "has the key `size`; only"));
}

TEST(NpyHeaderText, BackslashesAreRefused) {
  EXPECT_THAT(parsing("{'descr': '\\x3cf4'}"), fails_with(ErrorCode::corrupt, "has a backslash"));
}

TEST(NpyHeaderText, OrdersThatAreNoTruthAreRefused) {
  EXPECT_THAT(parsing("{'fortran_order': 1}"), fails_with(ErrorCode::corrupt, "True or False"));
}

TEST(NpyHeaderText, StructuredArraysAreRefused) {
  EXPECT_THAT(parsing(npy_header("[('x', '<f4')]", "(2,)")),
              fails_with(ErrorCode::unsupported, "a structured array, with named fields"));
}

TEST(NpyHeaderText, SubarraysAreRefused) {
  EXPECT_THAT(parsing(npy_header("('<f4', (3,))", "(2,)")),
              fails_with(ErrorCode::unsupported, "a dtype that is itself an array"));
}

TEST(NpyHeaderText, OtherShapesAreRefused) {
  EXPECT_THAT(parsing_shape("(3)"), fails_with(ErrorCode::corrupt, "a number in place of a shape"));
  EXPECT_THAT(parsing_shape("3"), fails_with(ErrorCode::corrupt, "where the shape starts"));
  EXPECT_THAT(parsing_shape("[3]"), fails_with(ErrorCode::corrupt, "where the shape starts"));
  EXPECT_THAT(parsing_shape("(,)"), fails_with(ErrorCode::corrupt, "a whole number"));
  EXPECT_THAT(parsing_shape("(3 4)"), fails_with(ErrorCode::corrupt, "`,` or `)` here"));
  EXPECT_THAT(parsing_shape("(3, (4,))"), fails_with(ErrorCode::corrupt, "a whole number"));
}

TEST(NpyHeaderText, OtherNumbersAreRefused) {
  EXPECT_THAT(parsing_shape("(-1,)"), fails_with(ErrorCode::corrupt, "a negative dimension"));
  EXPECT_THAT(parsing_shape("(1.5,)"), fails_with(ErrorCode::corrupt, "`,` or `)` here"));
  EXPECT_THAT(parsing_shape("(True,)"), fails_with(ErrorCode::corrupt, "a whole number"));
  EXPECT_THAT(parsing_shape("(007,)"), fails_with(ErrorCode::corrupt, "a whole number"));
  EXPECT_THAT(parsing_shape("(9223372036854775808,)"),
              fails_with(ErrorCode::corrupt, "does not fit 64 bits"));
  EXPECT_THAT(parsing_shape("(" + std::string(5000, '9') + ",)"),
              fails_with(ErrorCode::corrupt, "does not fit 64 bits"));
}

TEST(NpyHeaderText, MoreDimensionsThanNumPyHasAreRefused) {
  std::string shape;
  for (int i = 0; i < 64; ++i) shape += "1,";
  EXPECT_EQ(parse(npy_header("'<f4'", "(" + shape + ")")).shape.size(), 64u);
  EXPECT_THAT(parsing_shape("(" + shape + "1)"),
              fails_with(ErrorCode::unsupported, "more than 64 dimensions"));
}

}  // namespace
}  // namespace lancekeep::formats
