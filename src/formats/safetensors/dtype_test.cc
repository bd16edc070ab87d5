// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/dtype.h"

#include <gtest/gtest.h>

#include <limits>

namespace lancekeep::formats {
namespace {

TEST(SafetensorsDtype, KnowsThe22OfVersion08BothWays) {
  for (const char* name :
       {"BOOL",    "F4",          "F6_E2M3",     "F6_E3M2", "U8",  "I8",  "F8_E5M2", "F8_E4M3",
        "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16",     "U16", "F16", "BF16",    "I32",
        "U32",     "F32",         "C64",         "F64",     "I64", "U64"}) {
    const SafetensorsDtype* dtype = safetensors_dtype(name);
    ASSERT_NE(dtype, nullptr) << name;
    EXPECT_EQ(safetensors_dtype_of(dtype->dtype), dtype) << name;
  }
  EXPECT_EQ(safetensors_dtype("C128"), nullptr);
  EXPECT_EQ(safetensors_dtype_of("complex128"), nullptr);
}

TEST(SafetensorsDtype, WidthsAgreeWithTorchs) {
  for (const char* name :
       {"BOOL", "U8", "F8_E8M0", "F16", "BF16", "I32", "F32", "C64", "F64", "U64"}) {
    const SafetensorsDtype* dtype = safetensors_dtype(name);
    EXPECT_EQ(dtype_itemsize(dtype->dtype), dtype->bits / 8) << name;
  }
}

TEST(SafetensorsDtype, DtypesThatTorchLacksKeepTheirNamesInLowerCase) {
  EXPECT_EQ(safetensors_dtype("F6_E2M3")->dtype, "f6_e2m3");
  EXPECT_EQ(dtype_itemsize("f6_e2m3"), std::nullopt);
}

TEST(SafetensorsDtype, CountsBytesOfNarrowValues) {
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F4"), {2, 4}), 4u);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F6_E2M3"), {4}), 3u);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F32"), {}), 4u);
}

TEST(SafetensorsDtype, AnEndWithinAByteIsNothing) {
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F4"), {3}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F6_E3M2"), {2}), std::nullopt);
}

TEST(SafetensorsDtype, OverflowIsNothing) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("U8"), {most, 2}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("F64"), {most}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("U8"), {most, 3, 0}), std::nullopt);
  EXPECT_EQ(safetensors_byte_count(*safetensors_dtype("U8"), {0, most, 3}), 0u);
}

TEST(SafetensorsDtype, TheLastDimensionOfF4CountsTwoValuesPerByte) {
  const SafetensorsDtype& f4 = *safetensors_dtype("F4");
  EXPECT_EQ(shape_from_safetensors(f4, {3, 4}), (Shape{3, 2}));
  EXPECT_EQ(shape_to_safetensors(f4, {3, 2}), (Shape{3, 4}));
  EXPECT_EQ(shape_from_safetensors(f4, {4, 3}), std::nullopt);
  EXPECT_EQ(shape_from_safetensors(f4, {}), std::nullopt);
  EXPECT_EQ(shape_to_safetensors(f4, {}), std::nullopt);
  EXPECT_EQ(shape_to_safetensors(f4, {std::numeric_limits<std::int64_t>::max()}), std::nullopt);
}

TEST(SafetensorsDtype, OtherShapesStayAsTheyAre) {
  EXPECT_EQ(shape_from_safetensors(*safetensors_dtype("U8"), {3}), Shape{3});
  EXPECT_EQ(shape_to_safetensors(*safetensors_dtype("U8"), {3}), Shape{3});
}

}  // namespace
}  // namespace lancekeep::formats
