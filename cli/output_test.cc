// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

TEST(Table, AlignsColumnsByCodePoints) {
  Table table({{"name", Table::Align::left}, {"size", Table::Align::right}});
  table.add({"größe", "5 B"});
  table.add({"w", "18.8 MB"});
  EXPECT_EQ(table.text(),
            "name      size\n"
            "größe      5 B\n"
            "w      18.8 MB\n");
}

TEST(Table, LeavesOutColumnsWithoutText) {
  Table table({{"name", Table::Align::left}, {"tied to", Table::Align::left}});
  table.add({"w", ""});
  EXPECT_EQ(table.text(), "name\nw\n");
}

TEST(Table, KeepsOneRowOnOneLine) {
  Table table({{"name", Table::Align::left}});
  table.add({"a\n\x1b[2J"});
  EXPECT_EQ(table.text(), "name\na\\n\\u001b[2J\n");
}

TEST(ToJson, TensorWithoutHashAndTieHasNulls) {
  const Json json =
      to_json(TensorInfo{.name = "w", .dtype = "float32", .shape = {2, 3}, .nbytes = 24});
  EXPECT_EQ(
      json.dump(),
      R"({"name":"w","dtype":"float32","shape":[2,3],"nbytes":24,"hash":null,"tied_to":null,"damage":null})");
}

TEST(ToJson, TensorThatIsTiedNamesItsTarget) {
  const Json json = to_json(TensorInfo{"w", "float32", {}, 4, "00ff", "v"});
  EXPECT_EQ(json["tied_to"], "v");
  EXPECT_EQ(json["hash"], "00ff");
  EXPECT_EQ(json["shape"], Json::array());
}

TEST(ToJson, VersionWithoutMetadataAndTagsHasEmptyContainers) {
  const Json json = to_json(VersionInfo{});
  EXPECT_EQ(json["metadata"], Json::object());
  EXPECT_EQ(json["tags"], Json::array());
  EXPECT_EQ(json["time"], "1970-01-01T00:00:00.000000Z");
}

}  // namespace
}  // namespace lancekeep::cli
