// SPDX-License-Identifier: Apache-2.0
#include "lance/file/value_type.h"

#include <gtest/gtest.h>

namespace lancekeep::lance {
namespace {

TEST(ValueTypeTest, KnowsPlainTypes) {
  EXPECT_EQ(value_type("double"), (ValueType{64, 1}));
  EXPECT_EQ(value_type("bool"), (ValueType{8, 1}));
  EXPECT_EQ(value_type("large_string"), (ValueType{0, 1}));
  EXPECT_EQ(value_type("timestamp:us:-"), (ValueType{64, 1}));
  EXPECT_EQ(value_type("decimal:256:50:2"), (ValueType{256, 1}));
  EXPECT_EQ(value_type("fixed_size_binary:16"), (ValueType{128, 1}));
}

TEST(ValueTypeTest, ADictionaryHasTheTypeOfItsValues) {
  EXPECT_EQ(value_type("dict:string:int32:false"), (ValueType{0, 1}));
  EXPECT_EQ(value_type("dict:int64:int8:false"), (ValueType{64, 1}));
}

TEST(ValueTypeTest, MultipliesFixedSizeLists) {
  EXPECT_EQ(value_type("fixed_size_list:float:4"), (ValueType{128, 4}));
  EXPECT_EQ(value_type("fixed_size_list:fixed_size_list:halffloat:2:3"), (ValueType{96, 6}));
}

TEST(ValueTypeTest, LeavesOpenWhatHasNoWidth) {
  for (const char* type :
       {"list", "struct", "null", "", "fixed_size_list:float", "dict:", "fixed_size_list:string:4",
        "fixed_size_list:float:0", "fixed_size_list:float:99999999999999999999",
        "fixed_size_binary:x", "fixed_size_list:double:4611686018427387904"}) {
    EXPECT_EQ(value_type(type), std::nullopt) << type;
  }
}

}  // namespace
}  // namespace lancekeep::lance
