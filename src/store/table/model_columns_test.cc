// SPDX-License-Identifier: Apache-2.0
#include "store/table/model_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

struct Columns {
  std::vector<lance::Field> fields;

  void add(const std::string& name, const std::string& type, const std::string& item = {}) {
    lance::Field field{.name = name, .id = static_cast<std::int32_t>(fields.size())};
    field.logical_type = type;
    fields.push_back(field);
    if (item.empty()) return;
    lance::Field child{.name = "item", .id = field.id + 1, .parent_id = field.id};
    child.logical_type = item;
    fields.push_back(child);
  }
};

Columns plain_columns(const std::string& name, const std::string& list, const std::string& item,
                      const std::string& shape_list = "list",
                      const std::string& shape_item = "int64") {
  Columns columns;
  columns.add("name", name);
  columns.add("value", list, item);
  columns.add("shape", shape_list, shape_item);
  return columns;
}

TEST(PlainColumns, OfTheArticle) {
  const auto found = find_plain_columns(plain_columns("string", "list", "double").fields);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, 0);
  EXPECT_EQ(found->value, 1);
  EXPECT_EQ(found->shape, 3);
  EXPECT_EQ(found->value_dtype, "float64");
  EXPECT_EQ(found->shape_dtype, "int64");
  EXPECT_EQ(layout_of(plain_columns("string", "list", "double").fields), Layout::plain);
}

TEST(PlainColumns, EveryNumberInEveryList) {
  const std::pair<const char*, const char*> numbers[] = {
      {"double", "float64"}, {"float", "float32"}, {"halffloat", "float16"}, {"bool", "bool"},
      {"int8", "int8"},      {"uint64", "uint64"}, {"int32", "int32"}};
  for (const auto& [type, dtype] : numbers) {
    const std::string fixed = std::string("fixed_size_list:") + type + ":6";
    for (const Columns& columns :
         {plain_columns("string", "list", type), plain_columns("large_string", "large_list", type),
          plain_columns("string", fixed, "", "fixed_size_list:int32:4", "")}) {
      const auto found = find_plain_columns(columns.fields);
      ASSERT_TRUE(found) << type;
      EXPECT_EQ(found->value_dtype, dtype);
    }
  }
}

TEST(PlainColumns, InAnyOrderBesideOthers) {
  Columns columns;
  columns.add("when", "timestamp:us:-");
  columns.add("shape", "large_list", "uint16");
  columns.add("value", "list", "float");
  columns.add("notes", "list", "string");
  columns.add("name", "large_string");
  const auto found = find_plain_columns(columns.fields);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->shape, 1);
  EXPECT_EQ(found->value, 3);
  EXPECT_EQ(found->name, 7);
  EXPECT_EQ(found->shape_dtype, "uint16");
}

TEST(PlainColumns, RejectsColumnsOfOtherTypes) {
  EXPECT_FALSE(find_plain_columns(plain_columns("binary", "list", "double").fields));
  EXPECT_FALSE(find_plain_columns(plain_columns("string", "list", "string").fields));
  EXPECT_FALSE(find_plain_columns(plain_columns("string", "list", "list").fields));
  EXPECT_FALSE(find_plain_columns(plain_columns("string", "list.struct", "double").fields));
  EXPECT_FALSE(find_plain_columns(plain_columns("string", "double", "").fields));
  EXPECT_FALSE(find_plain_columns(plain_columns("string", "list", "").fields));
  EXPECT_FALSE(
      find_plain_columns(plain_columns("string", "list", "double", "list", "double").fields));
  EXPECT_FALSE(find_plain_columns(
      plain_columns("string", "fixed_size_list:fixed_size_list:float:3:2", "").fields));
}

TEST(PlainColumns, RejectsAMissingColumn) {
  for (const char* missing : {"name", "value", "shape"}) {
    std::vector<lance::Field> fields = plain_columns("string", "list", "double").fields;
    for (lance::Field& field : fields) {
      if (field.name == missing) field.name = "other";
    }
    EXPECT_FALSE(find_plain_columns(fields)) << missing;
    EXPECT_EQ(layout_of(fields), std::nullopt) << missing;
  }
}

TEST(PlainColumns, IgnoresAFieldInsideAStruct) {
  std::vector<lance::Field> fields = plain_columns("string", "list", "double").fields;
  fields[0].parent_id = 7;
  EXPECT_FALSE(find_plain_columns(fields));
}

TEST(PlainColumns, TheNativeLayoutIsNotPlain) {
  EXPECT_FALSE(find_plain_columns(native_fields({})));
  EXPECT_EQ(layout_of(native_fields({})), Layout::native);
}

using testing::HasSubstr;

Columns native_columns(const std::string& text, const std::string& list, const std::string& item,
                       const std::string& ordinal) {
  Columns columns;
  for (const char* name : {"name", "dtype", "hash", "tied_to"}) columns.add(name, text);
  columns.add("shape", list, item);
  columns.add("value", "large_binary");
  columns.fields.back().metadata["lance-encoding:blob"] = "true";
  columns.add("ordinal", ordinal);
  return columns;
}

TEST(NativeColumns, AsTheyAreWritten) {
  const std::vector<lance::Field> fields = native_fields({});
  const auto found = find_native_columns(fields);
  ASSERT_TRUE(found);
  for (const std::int32_t id : found->ids) EXPECT_GE(id, 0);
  EXPECT_EQ(found->shape_dtype, "int64");
  EXPECT_EQ(found->ordinal_dtype, "int64");
  EXPECT_NE(found->ids[kShape], find_leaf_ids(fields)[kShape]);  // the list, not its items
}

TEST(NativeColumns, OfOtherTypes) {
  for (const char* text :
       {"large_string", "dict:string:int32:false", "dict:large_string:int8:false"}) {
    const auto found =
        find_native_columns(native_columns(text, "large_list", "int32", "int16").fields);
    ASSERT_TRUE(found) << text;
    for (const std::int32_t id : found->ids) EXPECT_GE(id, 0) << text;
    EXPECT_EQ(found->shape_dtype, "int32");
    EXPECT_EQ(found->ordinal_dtype, "int16");
  }
  EXPECT_TRUE(
      find_native_columns(native_columns("string", "fixed_size_list:int32:2", "", "int64").fields));
}

TEST(NativeColumns, AreAbsentIfTheyHaveAUselessType) {
  const auto found =
      find_native_columns(native_columns("string", "list", "int64", "double").fields);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->ids[kOrdinal], -1);
}

TEST(NativeColumns, TheNeededOnesMustBeThere) {
  EXPECT_FALSE(find_native_columns(native_columns("binary", "list", "int64", "int64").fields));
  EXPECT_FALSE(find_native_columns(native_columns("string", "list", "double", "int64").fields));
  Columns unmarked = native_columns("string", "list", "int64", "int64");
  for (lance::Field& field : unmarked.fields) field.metadata.clear();
  EXPECT_FALSE(find_native_columns(unmarked.fields));
}

TEST(WhyNoModel, NamesTheColumn) {
  const auto why = [](const Columns& columns) { return why_no_model(columns.fields); };
  EXPECT_THAT(why({}), HasSubstr("it has no column `name`; its columns are none"));
  EXPECT_THAT(why(native_columns("binary", "list", "int64", "int64")),
              HasSubstr("column `name` is binary, expected string"));
  EXPECT_THAT(why(native_columns("string", "list", "double", "int64")),
              HasSubstr("column `shape` is list<double>, expected a list of integers"));
  EXPECT_THAT(why(plain_columns("string", "list", "string")),
              HasSubstr("column `value` is list<string>, expected a list of numbers"));
  Columns unmarked = native_columns("string", "list", "int64", "int64");
  for (lance::Field& field : unmarked.fields) field.metadata.clear();
  EXPECT_THAT(why(unmarked),
              HasSubstr("column `value` is large_binary without the mark of a blob"));
  for (lance::Field& field : unmarked.fields) {
    if (field.name == "value") field.logical_type = "struct";
  }
  EXPECT_THAT(why(unmarked), HasSubstr("column `value` is a blob of version 2"));
}

}  // namespace
}  // namespace lancekeep::store
