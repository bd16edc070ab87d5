// SPDX-License-Identifier: Apache-2.0
// dump() and table_info() of a store.
#include <lancekeep/dump.h>

#include "io/testing/error_matcher.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace lancekeep::store {
namespace {

using nlohmann::json;
using testing::HasSubstr;

struct Inspect : testing::Test {
  Inspect() : store(Store::create(folder / "m.lance")) {
    MemorySource first = small_model(1), second = small_model(2);
    store.save(first, {.tag = "old"});
    store.save(second);
  }
  [[nodiscard]] std::filesystem::path manifest() const {
    return std::filesystem::directory_iterator(folder / "m.lance/_versions")->path();
  }
  const TemporaryFolder folder;
  Store store;
};

TEST_F(Inspect, DumpsTheVersionThatIsAskedFor) {
  EXPECT_EQ(json::parse(dump(folder / "m.lance"))["version"], 2);
  EXPECT_EQ(json::parse(dump(folder / "m.lance", "old"))["version"], 1);
  EXPECT_EQ(json::parse(dump(manifest()))["kind"], "manifest");
}

TEST_F(Inspect, AFileHasNoVersions) {
  EXPECT_THAT([&] { (void)dump(manifest(), 1); },
              io::fails_with(ErrorCode::invalid_argument, "this is a file"));
}

TEST_F(Inspect, RefusesAFolderThatIsNoDataset) {
  folder.write("photos/cat.jpg", "meow");
  for (const auto& look : {+[](const std::filesystem::path& path) { (void)dump(path); },
                           +[](const std::filesystem::path& path) { (void)table_info(path); }}) {
    EXPECT_THAT([&] { look(folder / "photos"); },
                io::fails_with(ErrorCode::invalid_argument, "cat.jpg"));
  }
}

TEST_F(Inspect, TellsTheTable) {
  const TableInfo table = table_info(folder / "m.lance");
  EXPECT_EQ(table.version, 2u);
  EXPECT_EQ(table.rows, 5u);
  EXPECT_EQ(table.layout, Layout::native);
  ASSERT_EQ(table.columns.size(), 7u);
  EXPECT_EQ(table.columns[2].type, "list<item: int64>");
  EXPECT_EQ(table.columns[3].type, "large_binary (blob)");
  for (const ColumnInfo& column : table.columns) EXPECT_EQ(column.why_not_decoded, "");
}

TEST_F(Inspect, TellsOfATableWhoseDataIsGone) {
  std::filesystem::remove_all(folder / "m.lance/data");
  for (const ColumnInfo& column : table_info(folder / "m.lance").columns)
    EXPECT_THAT(column.why_not_decoded, HasSubstr("No such file"));
}

TEST_F(Inspect, WarnsOfATornVersion) {
  folder.write("m.lance/_versions/" + std::to_string(~std::uint64_t{3}) + ".manifest", "");
  const TableInfo table = table_info(folder / "m.lance");
  EXPECT_EQ(table.version, 2u);
  EXPECT_THAT(table.warning, HasSubstr("version 3 skipped"));
}

}  // namespace
}  // namespace lancekeep::store
