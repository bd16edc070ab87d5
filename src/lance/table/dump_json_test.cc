// SPDX-License-Identifier: Apache-2.0
#include "lance/table/dump_json.h"

#include "lance/table/table_testing.h"

#include <nlohmann/json.hpp>

namespace lancekeep::lance {
namespace {

using nlohmann::json;

struct Dump : TableTest {
  [[nodiscard]] json dumped(const std::string& path) const {
    return json::parse(text_of(dump_file(folder / path)));
  }
};

TEST_F(Dump, OfAVersionIsItsManifestAndItsDataFiles) {
  ASSERT_TRUE(commit(*storage, commit_on(0)));
  const VersionEntry entry = list_versions(*storage).entries.front();
  json version = json::parse(text_of(dump_version(*storage, read_manifest(*storage, entry))));
  EXPECT_EQ(version["data_files"][0]["path"], "a.lance");
  EXPECT_EQ(version["data_files"][0]["decodes"], false);
  EXPECT_THAT(version["data_files"][0]["why"].get<std::string>(),
              testing::HasSubstr("No such file"));
  version.erase("data_files");
  EXPECT_EQ(version, dumped(entry.path));
}

TEST_F(Dump, OfAManifestShowsItsContent) {
  Manifest manifest = small_manifest();
  manifest.seconds = 1'700'000'000;
  manifest.nanos = 5;
  manifest.config = {{"a", "b"}};
  manifest.base_paths = {"\x08\x03\x22\x02/x"};
  manifest.fragments[0].deletion = DeletionFile{DeletionFile::Kind::bitmap, 1, 2, 3, std::nullopt};
  put("m", encode_manifest_file(manifest, small_transaction()));
  const json found = dumped("m");
  EXPECT_EQ(found["time"], "2023-11-14T22:13:20.000000005Z");
  EXPECT_EQ(found["config"]["a"], "b");
  EXPECT_EQ(found["base_paths"], json::parse(R"([{"id":3,"path":"/x"}])"));
  EXPECT_EQ(found["fields"][0]["name"], "id");
  EXPECT_EQ(found["fragments"][0]["files"][0]["path"], "a.lance");
  EXPECT_EQ(found["fragments"][0]["deletion_file"]["num_deleted_rows"], 3);
  EXPECT_EQ(found["transaction"]["operation"], "overwrite");
  EXPECT_EQ(found["transaction"]["properties"]["__lance_commit_message"], "hello");
}

TEST_F(Dump, OfATransactionFile) {
  put("t.txn", encode_transaction(small_transaction()));
  EXPECT_EQ(dumped("t.txn")["kind"], "transaction");
  EXPECT_EQ(dumped("t.txn")["uuid"], small_transaction().uuid);
}

TEST_F(Dump, IsIndentedByTwoSpacesAndInAFixedOrder) {
  put("t.txn", encode_transaction(small_transaction()));
  EXPECT_THAT(text_of(dump_file(folder / "t.txn")),
              testing::StartsWith("{\n  \"kind\": \"transaction\",\n  \"read_version\": 0,\n"));
}

TEST_F(Dump, TextThatIsNotUtf8DoesNotStopIt) {
  Transaction transaction = small_transaction();
  transaction.properties = {{"key", "\xff\xfe"}};
  put("t.txn", encode_transaction(transaction));
  EXPECT_EQ(dumped("t.txn")["properties"]["key"], "\ufffd\ufffd");
}

TEST_F(Dump, RejectsAFileThatIsNotALanceFile) {
  for (const char* content : {"", "hello", "\x0a\x01x"}) {
    put("x", content);
    expect_error(ErrorCode::invalid_argument, "not a Lance manifest, data file or transaction",
                 [&] { (void)dump_file(folder / "x"); });
  }
}

TEST_F(Dump, RejectsAPathThatDoesNotExist) {
  expect_error(ErrorCode::not_found, "nowhere", [&] { (void)dump_file(folder / "nowhere"); });
}

TEST_F(Dump, RejectsATornManifest) {
  const std::string bytes = encode_manifest_file(small_manifest(), small_transaction());
  put("m", bytes.substr(20));
  expect_error(ErrorCode::corrupt, "the manifest", [&] { (void)dump_file(folder / "m"); });
}

}  // namespace
}  // namespace lancekeep::lance
