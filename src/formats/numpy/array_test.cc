// SPDX-License-Identifier: Apache-2.0
#include "formats/numpy/array.h"

#include "formats/numpy/numpy_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

class NumpyArrayTest : public testing::Test {
 protected:
  NumpyArray open(const std::string& bytes) {
    file_ = io::InputFile(folder_.write("a.npy", bytes));
    return read_numpy_array(file_, 0, file_.size(), "w");
  }
  auto opening(const std::string& bytes) {
    return [this, bytes] { (void)open(bytes); };
  }
  std::string values(const std::string& bytes) {
    std::string text;
    push_numpy_array(file_, open(bytes), [&](std::span<const std::byte> piece) {
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return true;
    });
    return text;
  }

  io::TemporaryFolder folder_;
  io::InputFile file_{folder_.write("none", "")};
};

TEST_F(NumpyArrayTest, ReadsItsHeader) {
  const NumpyArray array = open(npy_of(npy_header("'<u2'", "(3, 1)"), "abcdef"));
  EXPECT_EQ(array.descr.dtype->dtype, "uint16");
  EXPECT_EQ(array.shape, (Shape{3, 1}));
  EXPECT_EQ(array.nbytes, 6u);
  EXPECT_TRUE(array.is_plain());
}

TEST_F(NumpyArrayTest, ReadsHeadersOfEveryVersion) {
  const std::string text = npy_header("'|u1'", "(2,)");
  for (const char version : {'\2', '\3'}) {
    const std::string start = "\x93NUMPY" + std::string{version, '\0'};
    EXPECT_EQ(values(start + io::little_endian(text.size(), 4) + text + "xy"), "xy");
  }
}

TEST_F(NumpyArrayTest, ReadsALongHeader) {
  EXPECT_EQ(values(npy_of(npy_header("'|u1'", "(2,)") + std::string(5000, ' '), "xy")), "xy");
}

TEST_F(NumpyArrayTest, GivesRowMajorLittleEndianValues) {
  EXPECT_EQ(values(npy_of(npy_header("'|u1'", "(2, 3)"), "abcdef")), "abcdef");
  EXPECT_EQ(values(npy_of(npy_header("'|u1'", "(2, 3)", "True"), "adbecf")), "abcdef");
  EXPECT_EQ(values(npy_of(npy_header("'>u2'", "(3,)"), "badcfe")), "abcdef");
  EXPECT_EQ(values(npy_of(npy_header("'>u2'", "(2, 2)", "True"), "bafedchg")), "abcdefgh");
  EXPECT_EQ(values(npy_of(npy_header("'<c8'", "()"), "abcdefgh")), "abcdefgh");
}

TEST_F(NumpyArrayTest, KnowsWhetherTheBytesAreTheTensors) {
  EXPECT_FALSE(open(npy_of(npy_header("'|u1'", "(2, 3)", "True"), "abcdef")).is_plain());
  EXPECT_TRUE(open(npy_of(npy_header("'|u1'", "(1, 6)", "True"), "abcdef")).is_plain());
  EXPECT_FALSE(open(npy_of(npy_header("'>u2'", "(3,)"), "abcdef")).is_plain());
  EXPECT_TRUE(open(npy_of(npy_header("'>u1'", "(6,)"), "abcdef")).is_plain());
}

TEST_F(NumpyArrayTest, AnEmptyArrayHasNoValues) {
  EXPECT_EQ(values(npy_of(npy_header("'>f8'", "(0, 9223372036854775807, 8)", "True"), "")), "");
}

TEST_F(NumpyArrayTest, EveryPrefixIsRefused) {
  const std::string whole = npy_of(npy_header("'|u1'", "(3,)"), "abc");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(opening(whole.substr(0, length)), fails_with(ErrorCode::corrupt, "a.npy"))
        << length;
  }
}

TEST_F(NumpyArrayTest, AnotherMagicIsRefused) {
  EXPECT_THAT(opening("\x93numpy" + npy_of("", "").substr(6)),
              fails_with(ErrorCode::corrupt, "does not start with \\x93NUMPY"));
}

TEST_F(NumpyArrayTest, OtherVersionsAreRefused) {
  std::string bytes = npy_of(npy_header("'|u1'", "(3,)"), "abc");
  for (const auto& [place, version] : {std::pair(6, '\4'), {6, '\0'}, {7, '\1'}}) {
    std::string other = bytes;
    other[static_cast<std::size_t>(place)] = version;
    EXPECT_THAT(opening(other), fails_with(ErrorCode::unsupported, "read are 1.0, 2.0 and 3.0"));
  }
}

TEST_F(NumpyArrayTest, AHeaderBeyondTheEndIsRefused) {
  std::string bytes = npy_of(npy_header("'|u1'", "(3,)"), "abc");
  bytes[8] = '\x7f';
  EXPECT_THAT(opening(bytes), fails_with(ErrorCode::corrupt, "said to have 127 bytes, but"));
}

TEST_F(NumpyArrayTest, AHeaderThatNumPyWouldNotReadIsRefused) {
  EXPECT_THAT(opening(npy_of(npy_header("'|u1'", "(2,)") + std::string(10'000, ' '), "xy")),
              fails_with(ErrorCode::unsupported, "numpy itself reads at most 10000"));
  EXPECT_THAT(opening("\x93NUMPY" + std::string("\2\0\xff\xff\xff\xff", 6)),
              fails_with(ErrorCode::unsupported, "has a header of 4294967295 bytes"));
}

TEST_F(NumpyArrayTest, TooFewValuesAreRefused) {
  EXPECT_THAT(opening(npy_of(npy_header("'<f4'", "(2, 3)"), "abc")),
              fails_with(ErrorCode::corrupt,
                         "dtype float32 and shape [2, 3] takes 24 bytes, but 3 follow"));
}

TEST_F(NumpyArrayTest, BytesBehindTheValuesAreRefused) {
  EXPECT_THAT(opening(npy_of(npy_header("'|u1'", "(2,)"), "abc")),
              fails_with(ErrorCode::corrupt, "takes 2 bytes, but 3 follow its header"));
}

TEST_F(NumpyArrayTest, AShapeThatOverflowsIsRefused) {
  EXPECT_THAT(opening(npy_of(npy_header("'<f4'", "(4294967296, 4294967296)"), "")),
              fails_with(ErrorCode::corrupt, "more bytes than 64 bits can count"));
  EXPECT_THAT(opening(npy_of(npy_header("'<f8'", "(2305843009213693952,)"), "")),
              fails_with(ErrorCode::corrupt, "more bytes than 64 bits can count"));
}

TEST_F(NumpyArrayTest, ObjectsAreRefusedBeforeTheirBytesAreLookedAt) {
  EXPECT_THAT(opening(npy_of(npy_header("'|O'", "(1,)"), "\x80\x04N.")),
              fails_with(ErrorCode::unsupported, "a pickle can run code"));
}

TEST_F(NumpyArrayTest, HeadersAreWrittenInMultiplesOf64) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1000, 3}, Shape(64, 1'000'000'007)}) {
    const std::string header = encode_npy_header(*numpy_dtype_of("float32"), shape);
    EXPECT_EQ(header.size() % 64, 0u);
    EXPECT_EQ(header.back(), '\n');
  }
}

TEST_F(NumpyArrayTest, WhatIsWrittenIsRead) {
  const NumpyDtype& dtype = *numpy_dtype_of("complex128");
  const NumpyArray array = open(encode_npy_header(dtype, {2, 1}) + std::string(32, 'x'));
  EXPECT_EQ(array.descr.dtype, &dtype);
  EXPECT_EQ(array.shape, (Shape{2, 1}));
  EXPECT_EQ(array.offset, 128u);
}

}  // namespace
}  // namespace lancekeep::formats
