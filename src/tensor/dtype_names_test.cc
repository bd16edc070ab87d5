// SPDX-License-Identifier: Apache-2.0
#include "tensor/dtype_names.h"

#include <lancekeep/tensor.h>

#include <gtest/gtest.h>

#include <set>

namespace lancekeep {
namespace {

TEST(DtypeNames, EveryNameIsUniqueInItsColumn) {
  for (const auto column : {&DtypeNames::dtype, &DtypeNames::safetensors, &DtypeNames::numpy,
                            &DtypeNames::torch_storage}) {
    std::set<std::string_view> seen;
    for (const DtypeNames& row : kDtypeNames) {
      const std::string_view name = row.*column;
      EXPECT_TRUE(name.empty() || seen.insert(name).second) << name;
      EXPECT_EQ(find_dtype(column, name), (name.empty() ? nullptr : &row)) << name;
    }
  }
}

TEST(DtypeNames, WidthsAgreeWithTorch) {
  for (const DtypeNames& row : kDtypeNames) {
    if (row.bits % 8 != 0) continue;  // F4 and F6: torch packs F4 and lacks F6
    EXPECT_EQ(dtype_itemsize(row.dtype), row.itemsize()) << row.dtype;
  }
}

TEST(DtypeNames, UnknownAndEmptyNamesAreNull) {
  EXPECT_EQ(find_dtype(&DtypeNames::safetensors, "C128"), nullptr);
  EXPECT_EQ(find_dtype(&DtypeNames::numpy, ""), nullptr);
}

TEST(DtypeNames, DescrsAreLittleEndian) {
  EXPECT_EQ(find_dtype(&DtypeNames::dtype, "float32")->numpy_descr(), "<f4");
  EXPECT_EQ(find_dtype(&DtypeNames::dtype, "bool")->numpy_descr(), "|b1");
  EXPECT_EQ(find_dtype(&DtypeNames::dtype, "complex64")->number_size(), 4u);
}

}  // namespace
}  // namespace lancekeep
