// SPDX-License-Identifier: Apache-2.0
#include "lance/file/column_type.h"

#include "lance/file/file_testing.h"

#include <gtest/gtest.h>

namespace lancekeep::lance {
namespace {

constexpr FormatVersion kV20{2, 0};
constexpr FormatVersion kV21{2, 1};

std::vector<std::int32_t> ids(const std::vector<Field>& fields, FormatVersion version) {
  std::vector<std::int32_t> result;
  for (const Field* column : column_fields(fields, version)) result.push_back(column->id);
  return result;
}

Field packed(Field field) {
  field.metadata["lance-encoding:packed"] = "true";
  return field;
}

// name, value (list, item), info (struct: a, b)
std::vector<Field> model() {
  return {field(0, -1, "string"), field(1, -1, "list"), field(2, 1, "double"),
          field(3, -1, "struct"), field(4, 3, "int64"), field(5, 3, "string")};
}

TEST(ColumnTypeTest, LeavesHaveColumnsAndInFormat20AlsoTheirParents) {
  EXPECT_EQ(ids(model(), kV21), (std::vector<std::int32_t>{0, 2, 4, 5}));
  EXPECT_EQ(ids(model(), kV20), (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5}));
}

TEST(ColumnTypeTest, APackedStructIsOneColumn) {
  std::vector<Field> fields = model();
  fields[3] = packed(fields[3]);
  EXPECT_EQ(ids(fields, kV21), (std::vector<std::int32_t>{0, 2, 3}));
  EXPECT_EQ(ids(fields, kV20), (std::vector<std::int32_t>{0, 1, 2, 3}));
}

TEST(ColumnTypeTest, FindsTheColumnOfAListsLeaf) {
  DataFile file;
  file.fields = {2, 0};
  file.column_indices = {1, 0};
  EXPECT_EQ(find_column(file, model(), 1), 1);
  EXPECT_EQ(find_column(file, model(), 0), 0);
}

TEST(ColumnTypeTest, FindsAListsOwnColumn) {
  DataFile file;
  file.fields = {0, 1, 2};
  file.column_indices = {0, 1, 2};
  EXPECT_EQ(find_column(file, model(), 1), 1);
}

TEST(ColumnTypeTest, FindsNoColumnForOtherFields) {
  DataFile file;
  file.fields = {-2, 4};
  file.column_indices = {0, -1};
  EXPECT_EQ(find_column(file, model(), 0), std::nullopt);
  EXPECT_EQ(find_column(file, model(), 4), std::nullopt);
  EXPECT_EQ(find_column(file, model(), -2), std::nullopt);
}

TEST(ColumnTypeTest, RejectsFilesWithoutColumnIndices) {
  DataFile file;
  file.fields = {0, 1, 2};
  file.version = {0, 1};
  expect_unsupported(
      "has format 0.1 (\"legacy\"), which this build does not read; rewrite the dataset with",
      [&] { (void)find_column(file, model(), 1); });
}

TEST(ColumnTypeTest, KnowsWidthsAndLists) {
  const std::vector<Field> fields = model();
  EXPECT_FALSE(empty_column(fields, fields[0]).is_list);
  EXPECT_EQ(empty_column(fields, fields[0]).offsets, (std::vector<std::uint64_t>{0}));
  const Array list = empty_column(fields, fields[2]);
  EXPECT_TRUE(list.is_list);
  EXPECT_EQ(list.item_bits, 64);
  EXPECT_EQ(list.list_offsets, (std::vector<std::uint64_t>{0}));
  EXPECT_EQ(empty_column(fields, field(6, -1, "fixed_size_list:float:4")).dimension, 4);
}

TEST(ColumnTypeTest, KnowsBlobs) {
  Field blob = field(0, -1, "large_binary");
  EXPECT_EQ(empty_column({blob}, blob).item_bits, 0);
  blob.metadata["lance-encoding:blob"] = "true";
  EXPECT_EQ(empty_column({blob}, blob).item_bits, 128);
}

TEST(ColumnTypeTest, HasNoTypeForUnknownLogicalTypes) {
  EXPECT_FALSE(empty_column({}, field(0, -1, "map:int32")).has_type());
}

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

TEST(ValueTypeTest, IsUnsetForTypesWithoutAWidth) {
  for (const char* type :
       {"list", "struct", "null", "", "fixed_size_list:float", "dict:", "fixed_size_list:string:4",
        "fixed_size_list:float:0", "fixed_size_list:float:99999999999999999999",
        "fixed_size_binary:x", "fixed_size_list:double:4611686018427387904"}) {
    EXPECT_EQ(value_type(type), std::nullopt) << type;
  }
}

}  // namespace

}  // namespace lancekeep::lance
