// SPDX-License-Identifier: Apache-2.0
#include "tensor/dtype.h"

#include <lancekeep/tensor.h>

#include <gtest/gtest.h>

#include <map>

namespace lancekeep {
namespace {

TEST(Dtype, TorchHas46OfThem) { EXPECT_EQ(torch_dtypes().size(), 46u); }

TEST(Dtype, EveryEntryIsFoundByItsName) {
  for (const DtypeEntry& entry : torch_dtypes()) {
    EXPECT_EQ(dtype_itemsize(entry.name), entry.itemsize) << entry.name;
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
  for (const DtypeEntry& entry : torch_dtypes()) ++how_many[entry.itemsize];
  EXPECT_EQ(how_many, (std::map<std::size_t, int>{{1, 31}, {2, 5}, {4, 5}, {8, 4}, {16, 1}}));
}

TEST(Dtype, UnknownNamesHaveNoWidth) {
  for (const char* name : {"", "json", "tree", "float", "torch.float32", "Float32", "zzz"}) {
    EXPECT_EQ(dtype_itemsize(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace lancekeep
