// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/dtype.h"

#include <lancekeep/tensor.h>

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

TEST(NumpyDtype, EveryNameIsTorchsAndComesBack) {
  for (const char* name : {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
                           "uint64", "float16", "float32", "float64", "complex64", "complex128"}) {
    const NumpyDtype* dtype = numpy_dtype_of(name);
    ASSERT_NE(dtype, nullptr) << name;
    EXPECT_EQ(dtype->itemsize, dtype_itemsize(name)) << name;
    const NumpyDescr again = read(to_descr(*dtype));
    EXPECT_EQ(again.dtype, dtype) << name;
    EXPECT_FALSE(again.is_big_endian) << name;
  }
}

TEST(NumpyDtype, WhatNumPyLacksIsNothing) {
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

TEST(NumpyDtype, NumbersOfSeveralBytesNeedAnOrder) {
  EXPECT_THAT(reading("|f4"), fails_with(ErrorCode::unsupported, "the dtype `|f4`"));
  EXPECT_THAT(reading("f4"), fails_with(ErrorCode::unsupported, "the dtype `f4`"));
}

TEST(NumpyDtype, OtherKindsAreRefusedWithAdvice) {
  EXPECT_THAT(reading("|O"), fails_with(ErrorCode::unsupported, "a pickle can run code"));
  EXPECT_THAT(reading("<V2"), fails_with(ErrorCode::unsupported, "bfloat16 and float8"));
  EXPECT_THAT(reading("|V8"), fails_with(ErrorCode::unsupported, "raw bytes (void)"));
  EXPECT_THAT(reading("<U3"), fails_with(ErrorCode::unsupported, "text, which is no tensor"));
  EXPECT_THAT(reading("|S3"), fails_with(ErrorCode::unsupported, "text, which is no tensor"));
  EXPECT_THAT(reading("<M8[ns]"), fails_with(ErrorCode::unsupported, ".astype('int64')"));
  EXPECT_THAT(reading("<m8[s]"), fails_with(ErrorCode::unsupported, ".astype('int64')"));
  EXPECT_THAT(reading("<f16"), fails_with(ErrorCode::unsupported, "longdouble"));
  EXPECT_THAT(reading("<c32"), fails_with(ErrorCode::unsupported, "longdouble"));
}

TEST(NumpyDtype, NonsenseIsRefused) {
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

}  // namespace
}  // namespace lancekeep::formats
