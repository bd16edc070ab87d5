// SPDX-License-Identifier: Apache-2.0
#include "lance/file/field_tree.h"

#include <gmock/gmock.h>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Field named_field(std::int32_t id, std::int32_t parent, std::string name, std::string type) {
  return {.name = std::move(name), .id = id, .parent_id = parent, .logical_type = std::move(type)};
}

const std::vector<Field>& schema() {
  static const std::vector<Field> fields = {
      named_field(0, -1, "name", "string"),   named_field(1, -1, "value", "list"),
      named_field(2, 1, "item", "double"),    named_field(3, -1, "rows", "list.struct"),
      named_field(4, 3, "item", "struct"),    named_field(5, 4, "x", "int64"),
      named_field(6, 4, "y", "large_string"),
  };
  return fields;
}

TEST(FieldTree, NamesTypesAsArrowDoes) {
  const FieldTree tree(schema());
  ASSERT_THAT(tree.top(), ElementsAre(0, 1, 3));
  EXPECT_EQ(tree.type(0), "string");
  EXPECT_EQ(tree.type(1), "list<item: double>");
  EXPECT_EQ(tree.type(3), "list<item: struct<x: int64, y: large_string>>");
}

TEST(FieldTree, GivesPathsAndIdsOfSubtrees) {
  const FieldTree tree(schema());
  EXPECT_EQ(tree.path(0), "name");
  EXPECT_EQ(tree.path(5), "rows.item.x");
  EXPECT_THAT(tree.ids(3), ElementsAre(3, 4, 5, 6));
}

TEST(FieldTree, NamesBlobsAndExtensions) {
  std::vector<Field> fields = {named_field(0, -1, "a", "large_binary"),
                               named_field(1, -1, "b", "struct"),
                               named_field(2, -1, "c", "large_binary")};
  fields[0].metadata["lance-encoding:blob"] = "true";
  fields[1].metadata["ARROW:extension:name"] = "lance.blob.v2";
  fields[2].extension_name = "lance.json";
  const FieldTree tree(fields);
  EXPECT_EQ(tree.type(0), "large_binary (blob)");
  EXPECT_EQ(tree.type(1), "struct (lance.blob.v2)");
  EXPECT_EQ(tree.type(2), "large_binary (lance.json)");
}

TEST(FieldTree, LeavesOutFieldsThatAreTheirOwnParents) {
  const std::vector<Field> fields = {
      named_field(5, 5, "a", "struct"), named_field(5, 5, "b", "struct"),
      named_field(7, 6, "c", "int8"), named_field(6, -1, "d", "struct")};
  const FieldTree tree(fields);
  EXPECT_THAT(tree.top(), ElementsAre(3));
  EXPECT_EQ(tree.type(3), "struct");
  EXPECT_EQ(tree.path(0), "a");
}

TEST(FieldTree, LeavesOutFieldsThatAreNestedTooDeep) {
  std::vector<Field> fields = {named_field(0, -1, "a", "struct")};
  for (std::int32_t id = 1; id < 1000; ++id)
    fields.push_back(named_field(id, id - 1, "a", "struct"));
  const FieldTree tree(fields);
  EXPECT_EQ(tree.ids(0).size(), 33u);
  EXPECT_EQ(tree.path(999), "a");
}

TEST(FieldTree, CanBeEmpty) { EXPECT_THAT(FieldTree({}).top(), IsEmpty()); }

TEST(ArrowTypeName, NamesTypesAsArrowDoes) {
  EXPECT_EQ(arrow_type_name("halffloat"), "halffloat");
  EXPECT_EQ(arrow_type_name("fixed_size_list:float:3"), "fixed_size_list<item: float>[3]");
  EXPECT_EQ(arrow_type_name("fixed_size_list:fixed_size_list:float:2:3"),
            "fixed_size_list<item: fixed_size_list<item: float>[2]>[3]");
  EXPECT_EQ(arrow_type_name("decimal:128:10:2"), "decimal128(10, 2)");
  EXPECT_EQ(arrow_type_name("timestamp:us:-"), "timestamp[us]");
  EXPECT_EQ(arrow_type_name("timestamp:us:UTC"), "timestamp[us, tz=UTC]");
  EXPECT_EQ(arrow_type_name("timestamp:ns:+01:00"), "timestamp[ns, tz=+01:00]");
  EXPECT_EQ(arrow_type_name("date32:day"), "date32[day]");
  EXPECT_EQ(arrow_type_name("duration:ns"), "duration[ns]");
  EXPECT_EQ(arrow_type_name("fixed_size_binary:16"), "fixed_size_binary[16]");
  EXPECT_EQ(arrow_type_name("dict:string:int32:false"),
            "dictionary<values=string, indices=int32, ordered=0>");
}

TEST(ArrowTypeName, KeepsTypesThatArrowDoesNotHave) {
  for (const char* type : {"", "union", "fixed_size_list:", "fixed_size_list:3", "a:b:c:d:e"})
    EXPECT_EQ(arrow_type_name(type), type);
  const std::string deep = "fixed_size_list:" + std::string(1000, ':');
  EXPECT_EQ(arrow_type_name(deep), deep);
}

}  // namespace
}  // namespace lancekeep::lance
