// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/npy_header.h"

#include <lancekeep/tensor.h>

#include "formats/numpy/numpy_testing.h"
#include "io/byte_view.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

const io::ByteView kAt = io::ByteView::of("header", "a.npy");

NumpyDescr read(const std::string& descr) { return read_numpy_descr(descr, "w", kAt); }

auto reading(const std::string& descr) {
  return [descr] { (void)read(descr); };
}

TEST(NumpyDtype, EveryDtypeOfNumPyRoundTrips) {
  for (const char* name : {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
                           "uint64", "float16", "float32", "float64", "complex64", "complex128"}) {
    const DtypeNames* dtype = numpy_dtype_of(name);
    ASSERT_NE(dtype, nullptr) << name;
    EXPECT_EQ(dtype->itemsize(), dtype_itemsize(name)) << name;
    const NumpyDescr again = read(dtype->numpy_descr());
    EXPECT_EQ(again.dtype, dtype) << name;
    EXPECT_FALSE(again.is_big_endian) << name;
  }
}

TEST(NumpyDtype, DtypesThatNumPyLacksAreNull) {
  for (const char* name : {"bfloat16", "float8_e4m3fn", "complex32", "json", ""}) {
    EXPECT_EQ(numpy_dtype_of(name), nullptr) << name;
  }
}

TEST(NumpyDtype, ByteOrderIsRead) {
  EXPECT_TRUE(read(">f4").is_big_endian);
  EXPECT_FALSE(read("<f4").is_big_endian);
  EXPECT_EQ(read("<u1").dtype, read("|u1").dtype);
  EXPECT_EQ(read(">b1").dtype->dtype, "bool");
}

TEST(NumpyDtype, NumbersOfSeveralBytesNeedAByteOrder) {
  EXPECT_THAT(reading("|f4"), fails_with(ErrorCode::unsupported, "the dtype `|f4`"));
  EXPECT_THAT(reading("f4"), fails_with(ErrorCode::unsupported, "the dtype `f4`"));
}

TEST(NumpyDtype, OtherKindsAreRejectedWithAdvice) {
  EXPECT_THAT(reading("|O"), fails_with(ErrorCode::unsupported, "a pickle can run code"));
  EXPECT_THAT(reading("<V2"), fails_with(ErrorCode::unsupported, "bfloat16 and float8"));
  EXPECT_THAT(reading("|V8"), fails_with(ErrorCode::unsupported, "raw bytes (void)"));
  EXPECT_THAT(reading("<U3"), fails_with(ErrorCode::unsupported, "text, which is not a tensor"));
  EXPECT_THAT(reading("|S3"), fails_with(ErrorCode::unsupported, "text, which is not a tensor"));
  EXPECT_THAT(reading("<M8[ns]"), fails_with(ErrorCode::unsupported, ".astype('int64')"));
  EXPECT_THAT(reading("<m8[s]"), fails_with(ErrorCode::unsupported, ".astype('int64')"));
  EXPECT_THAT(reading("<f16"), fails_with(ErrorCode::unsupported, "longdouble"));
  EXPECT_THAT(reading("<c32"), fails_with(ErrorCode::unsupported, "longdouble"));
}

TEST(NumpyDtype, InvalidDescrsAreRejected) {
  for (const char* descr : {"", "<", "<x4", "<i3", "<i44", "<i4 ", "float32"}) {
    EXPECT_THAT(reading(descr), fails_with(ErrorCode::unsupported, "the array `w` has the dtype"))
        << descr;
  }
}

TEST(NumpyDtype, NumbersAreSwappedOneByOne) {
  std::string text = "abcdefgh";
  const auto bytes = std::as_writable_bytes(std::span(text));
  swap_numbers(*numpy_dtype_of("complex64"), bytes);
  EXPECT_EQ(text, "dcbahgfe");
  swap_numbers(*numpy_dtype_of("uint16"), bytes);
  EXPECT_EQ(text, "cdabghef");
}

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

TEST(NpyHeaderText, EveryPrefixIsRejected) {
  const std::string text = npy_header("'<f4'", "(3, 4)");
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_THAT(parsing(text.substr(0, length)), fails_with(ErrorCode::corrupt, "the array `w`"));
  }
}

TEST(NpyHeaderText, AnythingButADictIsRejected) {
  EXPECT_THAT(parsing("[1]"), fails_with(ErrorCode::corrupt, "`{` here, where the dict starts"));
  EXPECT_THAT(parsing("{1: 2}"), fails_with(ErrorCode::corrupt, "should have a key in quotes"));
  EXPECT_THAT(parsing("{'descr' '<f4'}"), fails_with(ErrorCode::corrupt, "`:` here, after a key"));
  EXPECT_THAT(parsing("{,}"), fails_with(ErrorCode::corrupt, "should have a key in quotes"));
  EXPECT_THAT(parsing("{'descr': '<f4' 'shape': ()}"),
              fails_with(ErrorCode::corrupt, "should have `,` or `}` here"));
}

TEST(NpyHeaderText, ANulDoesNotEndTheText) {
  EXPECT_THAT(parsing(npy_header("'<f4'", "()") + std::string(1, '\0')),
              fails_with(ErrorCode::corrupt, "continues after its dict"));
  EXPECT_THAT(parsing(std::string("{\0}", 3)), fails_with(ErrorCode::corrupt, "a key in quotes"));
}

TEST(NpyHeaderText, TextAfterTheDictIsRejected) {
  EXPECT_THAT(parsing(npy_header("'<f4'", "()") + " + x"),
              fails_with(ErrorCode::corrupt, "continues after its dict"));
}

TEST(NpyHeaderText, MissingKeysAreRejected) {
  EXPECT_THAT(parsing("{}"), fails_with(ErrorCode::corrupt, "lacks a key"));
  EXPECT_THAT(parsing("{'descr': '<f4', 'shape': ()}"),
              fails_with(ErrorCode::corrupt, "lacks a key"));
}

TEST(NpyHeaderText, RepeatedKeysAreRejected) {
  EXPECT_THAT(parsing("{'descr': '<f4', 'descr': '<f8'}"),
              fails_with(ErrorCode::corrupt, "has the key `descr` twice"));
  EXPECT_THAT(parsing("{'shape': (), 'shape': ()}"),
              fails_with(ErrorCode::corrupt, "has the key `shape` twice"));
}

TEST(NpyHeaderText, OtherKeysAreRejected) {
  EXPECT_THAT(parsing("{'descr': '<f4', 'size': 3}"),
              fails_with(ErrorCode::corrupt, "has the key `size`; expected only"));
}

TEST(NpyHeaderText, BackslashesAreRejected) {
  EXPECT_THAT(parsing("{'descr': '\\x3cf4'}"), fails_with(ErrorCode::corrupt, "has a backslash"));
}

TEST(NpyHeaderText, FortranOrdersThatAreNotBooleanAreRejected) {
  EXPECT_THAT(parsing("{'fortran_order': 1}"), fails_with(ErrorCode::corrupt, "True or False"));
}

TEST(NpyHeaderText, StructuredArraysAreRejected) {
  EXPECT_THAT(parsing(npy_header("[('x', '<f4')]", "(2,)")),
              fails_with(ErrorCode::unsupported, "a structured array, which has named fields"));
}

TEST(NpyHeaderText, SubarraysAreRejected) {
  EXPECT_THAT(parsing(npy_header("('<f4', (3,))", "(2,)")),
              fails_with(ErrorCode::unsupported, "a dtype that is itself an array"));
}

TEST(NpyHeaderText, OtherShapesAreRejected) {
  EXPECT_THAT(parsing_shape("(3)"), fails_with(ErrorCode::corrupt, "a number instead of a shape"));
  EXPECT_THAT(parsing_shape("3"), fails_with(ErrorCode::corrupt, "where the shape starts"));
  EXPECT_THAT(parsing_shape("[3]"), fails_with(ErrorCode::corrupt, "where the shape starts"));
  EXPECT_THAT(parsing_shape("(,)"), fails_with(ErrorCode::corrupt, "an integer for a dimension"));
  EXPECT_THAT(parsing_shape("(3 4)"), fails_with(ErrorCode::corrupt, "`,` or `)` here"));
  EXPECT_THAT(parsing_shape("(3, (4,))"),
              fails_with(ErrorCode::corrupt, "an integer for a dimension"));
}

TEST(NpyHeaderText, OtherNumbersAreRejected) {
  EXPECT_THAT(parsing_shape("(-1,)"), fails_with(ErrorCode::corrupt, "a negative dimension"));
  EXPECT_THAT(parsing_shape("(1.5,)"), fails_with(ErrorCode::corrupt, "`,` or `)` here"));
  EXPECT_THAT(parsing_shape("(True,)"),
              fails_with(ErrorCode::corrupt, "an integer for a dimension"));
  EXPECT_THAT(parsing_shape("(007,)"),
              fails_with(ErrorCode::corrupt, "an integer for a dimension"));
  EXPECT_THAT(parsing_shape("(9223372036854775808,)"),
              fails_with(ErrorCode::corrupt, "does not fit in 64 bits"));
  EXPECT_THAT(parsing_shape("(" + std::string(5000, '9') + ",)"),
              fails_with(ErrorCode::corrupt, "does not fit in 64 bits"));
}

TEST(NpyHeaderText, MoreDimensionsThanNumPyHasAreRejected) {
  std::string shape;
  for (int i = 0; i < 64; ++i) shape += "1,";
  EXPECT_EQ(parse(npy_header("'<f4'", "(" + shape + ")")).shape.size(), 64u);
  EXPECT_THAT(parsing_shape("(" + shape + "1)"),
              fails_with(ErrorCode::unsupported, "more than 64 dimensions"));
}

}  // namespace

}  // namespace lancekeep::formats
