// SPDX-License-Identifier: Apache-2.0
#include "lance/file/column_type.h"

#include "lance/file/file_testing.h"

namespace lancekeep::lance {
namespace {

Array column(const std::vector<Field>& fields, std::size_t index, std::size_t columns) {
  FileDescriptor descriptor;
  descriptor.fields = fields;
  return empty_column(descriptor, index, columns);
}

TEST(ColumnTypeTest, KnowsWidths) {
  EXPECT_EQ(column({field(0, -1, "int64")}, 0, 1).item_bits, 64);
  EXPECT_EQ(column({field(0, -1, "float")}, 0, 1).item_bits, 32);
  EXPECT_EQ(column({field(0, -1, "halffloat")}, 0, 1).item_bits, 16);
  EXPECT_EQ(column({field(0, -1, "uint8")}, 0, 1).item_bits, 8);
  EXPECT_EQ(column({field(0, -1, "string")}, 0, 1).offsets, (std::vector<std::uint64_t>{0}));
}

TEST(ColumnTypeTest, KnowsBlobs) {
  Field blob = field(0, -1, "large_binary");
  EXPECT_EQ(column({blob}, 0, 1).item_bits, 0);
  blob.metadata["lance-encoding:blob"] = "true";
  EXPECT_EQ(column({blob}, 0, 1).item_bits, 128);
}

TEST(ColumnTypeTest, CountsLeavesOnly) {
  const std::vector<Field> fields = {field(0, -1, "string"), field(1, -1, "list"),
                                     field(2, 1, "int64"), field(3, -1, "double")};
  EXPECT_FALSE(column(fields, 0, 3).is_list);
  const Array list = column(fields, 1, 3);
  EXPECT_TRUE(list.is_list);
  EXPECT_EQ(list.item_bits, 64);
  EXPECT_EQ(list.list_offsets, (std::vector<std::uint64_t>{0}));
  EXPECT_FALSE(column(fields, 2, 3).is_list);
}

TEST(ColumnTypeTest, LeavesOpenWhatItDoesNotKnow) {
  EXPECT_FALSE(column({field(0, -1, "decimal:128:10:2")}, 0, 1).has_type());
  EXPECT_FALSE(column({field(0, -1, "struct"), field(1, 0, "int64")}, 0, 1).has_type());
}

TEST(ColumnTypeTest, LeavesOpenASchemaThatIsNotTheColumns) {
  EXPECT_FALSE(column({field(0, -1, "int64")}, 0, 2).has_type());
  EXPECT_FALSE(column({field(0, -1, "int64")}, 1, 1).has_type());
}

}  // namespace
}  // namespace lancekeep::lance
