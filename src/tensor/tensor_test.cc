// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/tensor.h>

#include "io/testing/error_matcher.h"
#include "tensor/source_testing.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <iterator>
#include <map>

namespace lancekeep {
namespace {

using io::fails_with;

TEST(Dtype, TorchHas46OfThem) { EXPECT_EQ(std::size(kTorchDtypes), 46u); }

TEST(Dtype, EveryDtypeOfTorchIsKnown) {
  for (const auto& [name, itemsize] : kTorchDtypes) {
    EXPECT_EQ(dtype_itemsize(name), itemsize) << name;
  }
}

TEST(Dtype, WidthsOfEachKind) {
  EXPECT_EQ(dtype_itemsize("bool"), 1u);
  EXPECT_EQ(dtype_itemsize("bfloat16"), 2u);
  EXPECT_EQ(dtype_itemsize("float32"), 4u);
  EXPECT_EQ(dtype_itemsize("complex32"), 4u);
  EXPECT_EQ(dtype_itemsize("complex128"), 16u);
  EXPECT_EQ(dtype_itemsize("uint64"), 8u);
  EXPECT_EQ(dtype_itemsize("qint32"), 4u);
}

TEST(Dtype, SubByteTypesTakeAWholeByte) {
  for (const char* name : {"int4", "uint1", "bits1x8", "quint4x2", "float4_e2m1fn_x2"}) {
    EXPECT_EQ(dtype_itemsize(name), 1u) << name;
  }
  EXPECT_EQ(dtype_itemsize("bits16"), 2u);
}

TEST(Dtype, WidthsAddUpAsTorchCountsThem) {
  std::map<std::size_t, int> how_many;
  for (const auto& [name, itemsize] : kTorchDtypes) ++how_many[dtype_itemsize(name).value_or(0)];
  EXPECT_EQ(how_many, (std::map<std::size_t, int>{{1, 31}, {2, 5}, {4, 5}, {8, 4}, {16, 1}}));
}

TEST(Dtype, UnknownNamesHaveNoWidth) {
  for (const char* name : {"", "json", "tree", "float", "torch.float32", "Float32", "zzz"}) {
    EXPECT_EQ(dtype_itemsize(name), std::nullopt) << name;
  }
}

TEST(Dtype, CppTypesAreAsWideAsTheirDtypes) {
  EXPECT_EQ(dtype_itemsize(kDtypeOf<float>), sizeof(float));
  EXPECT_EQ(dtype_itemsize(kDtypeOf<double>), sizeof(double));
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::int8_t>), 1u);
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::int16_t>), 2u);
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::int32_t>), 4u);
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::int64_t>), 8u);
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::uint8_t>), 1u);
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::uint16_t>), 2u);
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::uint32_t>), 4u);
  EXPECT_EQ(dtype_itemsize(kDtypeOf<std::uint64_t>), 8u);
  EXPECT_TRUE(kDtypeOf<bool>.empty());
}

TEST(TensorShape, Prints) {
  EXPECT_EQ(to_string(Shape{8, 3, 3, 3}), "[8, 3, 3, 3]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

TEST(TotalNbytes, CountsTiedTensorsOnce) {
  MemorySource source;
  source.add("a", "uint8", {3}, "abc").tie("b", 0).add("c", "uint8", {2}, "de");
  EXPECT_EQ(total_nbytes(source.tensors()), 5u);
  EXPECT_EQ(total_nbytes({}), 0u);
}

class TypedAccess : public testing::Test {
 protected:
  [[nodiscard]] TensorView view(const std::string& dtype, std::size_t skip = 0) const {
    const auto bytes = std::as_bytes(std::span(values_)).subspan(skip);
    return {dtype, {2, 2}, bytes, nullptr};
  }
  std::array<float, 4> values_ = {1, 2, 3, 4};
};

TEST_F(TypedAccess, GivesTheElementsInPlace) {
  const std::span<const float> elements = view("float32").as<float>();
  ASSERT_EQ(elements.size(), 4u);
  EXPECT_EQ(elements.data(), values_.data());
  EXPECT_EQ(elements[3], 4);
}

TEST_F(TypedAccess, OfAnEmptyTensorIsEmpty) {
  EXPECT_TRUE(TensorView("int64", {0}, {}, nullptr).as<std::int64_t>().empty());
}

TEST_F(TypedAccess, AnotherDtypeIsRejected) {
  EXPECT_THAT([&] { (void)view("float32").as<std::int32_t>(); },
              fails_with(ErrorCode::invalid_argument, "the tensor is float32, not int32"));
  EXPECT_THAT([&] { (void)view("bool").as<std::uint8_t>(); },
              fails_with(ErrorCode::invalid_argument, "the tensor is bool, not uint8"));
}

TEST_F(TypedAccess, UnalignedBytesAreRejected) {
  const std::array<float, 2> pair = {};
  const auto bytes = std::as_bytes(std::span(pair)).subspan(2, 4);
  EXPECT_THAT([&] { (void)TensorView("float32", {1}, bytes, nullptr).as<float>(); },
              fails_with(ErrorCode::invalid_argument, "a multiple of 4 bytes"));
}

TEST_F(TypedAccess, APartOfAnElementIsRejected) {
  EXPECT_THAT(
      [&] { (void)view("float64", 4).as<double>(); },
      fails_with(ErrorCode::invalid_argument, "12 bytes are not a whole number of float64"));
}

}  // namespace
}  // namespace lancekeep
