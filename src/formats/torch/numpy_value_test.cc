// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/numpy_value.h"

#include "formats/torch/checkpoint_testing.h"
#include "io/testing/error_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

// An array or a scalar as NumPy pickles it. Each member is one pickled part.
struct PickledArray {
  std::string type = pickled_global("numpy", "ndarray");
  std::string code = pickled("u1");
  std::string order = pickled("|");
  std::string fields = "NNN";
  std::string shape = pickled_tuple(std::vector<std::int32_t>{2, 2});
  std::string fortran = "\x89";
  std::string bytes = "C\x04"s + "abcd";

  [[nodiscard]] std::string dtype() const {
    return pickled_global("numpy", "dtype") + "(" + code + "\x89\x88tR(K\x03" + order + fields +
           "J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"s;
  }
  [[nodiscard]] std::string text() const {
    return pickled_global("numpy._core.multiarray", "_reconstruct") + "(" + type + "K\0\x85"s +
           "C\x01"s + "btR(K\x01" + shape + dtype() + fortran + bytes + "tb";
  }
  [[nodiscard]] std::string scalar() const {
    return pickled_global("numpy.core.multiarray", "scalar") + "(" + dtype() + bytes + "tR";
  }
};

class NumpyValue : public CheckpointTest {
 protected:
  using CheckpointTest::opening;
  auto opening(const PickledArray& array) { return opening(pickled_dict({{"a", array.text()}})); }
  PickledArray array_;
};

TEST_F(NumpyValue, AnArrayIsATensorInThePickle) {
  const auto source = open(pickled_dict({{"a", array_.text()}}));
  EXPECT_EQ(source->tensors()[0].dtype, "uint8");
  EXPECT_EQ(source->tensors()[0].shape, (Shape{2, 2}));
  EXPECT_EQ(bytes_of(*source, 0), "abcd");
}

TEST_F(NumpyValue, FortranOrderIsReordered) {
  array_.fortran = "\x88";
  EXPECT_EQ(bytes_of(*open(pickled_dict({{"a", array_.text()}})), 0), "acbd");
}

TEST_F(NumpyValue, BytesOfProtocol2AreDecoded) {
  array_.bytes = pickled_global("_codecs", "encode") + "(" + pickled("a\xc3\xbf\xc2\x80z") +
                 pickled("latin1") + "tR";
  EXPECT_EQ(bytes_of(*open(pickled_dict({{"a", array_.text()}})), 0), "a\xff\x80z");
  array_.fortran = "\x88";
  EXPECT_EQ(bytes_of(*open(pickled_dict({{"a", array_.text()}})), 0), "a\x80\xffz");
}

TEST_F(NumpyValue, ARepeatedArrayIsTied) {
  const std::string twice = "(" + array_.text() + "q\x09h\x09" + array_.text() + "t";
  const auto source = open(twice);
  EXPECT_EQ(source->tensors()[1].tied_to, 0u);
  EXPECT_EQ(source->tensors()[2].tied_to, std::nullopt);
  EXPECT_THAT(source->notes(), testing::IsEmpty());
}

TEST_F(NumpyValue, AScalarIsJson) {
  array_.code = pickled("i4");
  array_.order = pickled("<");
  EXPECT_EQ(listing(*open(pickled_dict({{"a", array_.scalar()}, {"w", tensor_.text()}}))),
            "a json {\"$numpy\":[\"<i4\",\"YWJjZA==\"]}\nw float32\n");
  EXPECT_EQ(listing(*open(pickled_dict({{"a", array_.scalar()}}))),
            "value json {\"a\":{\"$numpy\":[\"<i4\",\"YWJjZA==\"]}}\n"
            "__tree__ tree {\"$row\":\"value\"}\n");
}

TEST_F(NumpyValue, ADtypeThatTorchLacksIsRejectedByName) {
  array_.code = pickled("O8");
  EXPECT_THAT(opening(array_),
              fails_with(ErrorCode::unsupported, "the entry `a` has NumPy's dtype `O8`"));
}

TEST_F(NumpyValue, AStructuredDtypeIsRejected) {
  array_.fields = "N))";
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::unsupported, "which torch lacks"));
}

TEST_F(NumpyValue, BigEndianNumbersAreRejected) {
  array_.code = pickled("f4");
  array_.order = pickled(">");
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::unsupported, "astype('<f4')"));
}

TEST_F(NumpyValue, AnotherByteOrderIsRejected) {
  array_.order = pickled("?");
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt, "a dtype of unknown byte order"));
}

TEST_F(NumpyValue, AnInvalidDtypeIsRejected) {
  array_.code = "N";
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt, "has a call of numpy.dtype as its"));
}

TEST_F(NumpyValue, AWrongByteCountIsRejected) {
  array_.bytes = "C\x03"s + "abc";
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt,
                                          "has 3 bytes of values, but its shape and dtype take 4"));
  EXPECT_THAT(opening(pickled_dict({{"a", array_.scalar()}})),
              fails_with(ErrorCode::corrupt, "its shape and dtype take 1"));
}

TEST_F(NumpyValue, BytesOfAnotherTypeAreRejected) {
  array_.bytes = "]";
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt, "has a list instead of its bytes"));
}

TEST_F(NumpyValue, AnInvalidShapeIsRejected) {
  array_.shape = "N";
  EXPECT_THAT(opening(array_),
              fails_with(ErrorCode::corrupt, "a NumPy array without a valid shape"));
  array_.shape = "N\x85";
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt, "has a shape with None"));
  array_.shape = pickled_tuple(std::vector<std::int32_t>{-1, 4});
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt, "has a negative dimension"));
}

TEST_F(NumpyValue, AnInvalidOrderIsRejected) {
  array_.fortran = "N";
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt, "a NumPy array of unknown order"));
}

TEST_F(NumpyValue, AnotherTypeOfArrayIsRejected) {
  array_.type = pickled_global("torch", "Tensor");
  EXPECT_THAT(opening(array_), fails_with(ErrorCode::corrupt, "is not a numpy.ndarray"));
}

TEST_F(NumpyValue, AnArrayWithoutStateIsRejected) {
  const std::string made = pickled_global("numpy.core.multiarray", "_reconstruct") + "(" +
                           array_.type + "K\0\x85"s + "C\x01"s + "btR";
  EXPECT_THAT(opening(pickled_dict({{"a", made}})),
              fails_with(ErrorCode::corrupt, "without a state of five items"));
}

TEST_F(NumpyValue, AnArrayOfProtocol5IsRead) {
  const std::string made = pickled_global("numpy._core.numeric", "_frombuffer") + "(";
  const auto source = open(pickled_dict(
      {{"a", made + array_.bytes + array_.dtype() + array_.shape + pickled("F") + "tR"}}));
  EXPECT_EQ(bytes_of(*source, 0), "acbd");
  EXPECT_THAT(
      opening(pickled_dict({{"a", made + array_.bytes + array_.dtype() + array_.shape + "NtR"}})),
      fails_with(ErrorCode::corrupt, "a NumPy array of unknown order"));
}

TEST_F(NumpyValue, WrongArgumentsAreRejected) {
  EXPECT_THAT(
      opening(pickled_dict({{"a", pickled_global("numpy.core.multiarray", "scalar") + ")R"}})),
      fails_with(ErrorCode::corrupt, "a NumPy scalar with wrong arguments"));
  EXPECT_THAT(
      opening(pickled_dict({{"a", pickled_global("numpy.core.numeric", "_frombuffer") + ")R"}})),
      fails_with(ErrorCode::corrupt, "a NumPy array with wrong arguments"));
}

}  // namespace
}  // namespace lancekeep::formats
