// SPDX-License-Identifier: Apache-2.0
#include "lance/table/table_testing.h"

namespace lancekeep::lance {
namespace {

DataFile data_file(const std::string& path) {
  DataFile file;
  file.path = path;
  return file;
}

TEST(DataPath, LiesBelowData) {
  EXPECT_EQ(data_path(data_file("a.lance")), "data/a.lance");
  EXPECT_EQ(data_path(data_file("sub/a.lance")), "data/sub/a.lance");
  EXPECT_EQ(data_path(data_file("..a")), "data/..a");
}

TEST(DataPath, RefusesWhateverLeadsOut) {
  for (const std::string& path :
       {std::string("/etc/passwd"), std::string(".."), std::string("../x"),
        std::string("a/../../x"), std::string("a//b"), std::string("a/"), std::string("./a"),
        std::string("a/."), std::string("a\0b", 3), std::string()}) {
    expect_error(ErrorCode::unsafe, "a data-file path that leaves the store",
                 [&] { (void)data_path(data_file(path)); });
  }
}

TEST(DataPath, AHostileNameIsShownWithoutControlCharacters) {
  expect_error(ErrorCode::unsafe, "`../\\x1b[2J`",
               [] { (void)data_path(data_file("../\x1b[2J")); });
}

TEST(DataPath, RefusesFilesOfAnotherBasePath) {
  DataFile file = data_file("a.lance");
  file.base_id = 3;
  expect_error(ErrorCode::unsupported, "data file `a.lance` lies in base path 3",
               [&] { (void)data_path(file); });
}

TEST(DeletionPath, IsMadeOfItsNumbers) {
  DeletionFile file;
  file.read_version = 4;
  file.id = 18446744073709551615u;
  EXPECT_EQ(deletion_path(7, file), "_deletions/7-4-18446744073709551615.bin");
  file.kind = DeletionFile::Kind::arrow;
  EXPECT_EQ(deletion_path(7, file), "_deletions/7-4-18446744073709551615.arrow");
}

TEST(DeletionPath, RefusesFilesOfAnotherBasePath) {
  DeletionFile file;
  file.base_id = 0;
  expect_error(ErrorCode::unsupported, "the deletion file of fragment 7 lies in base path 0",
               [&] { (void)deletion_path(7, file); });
}

TEST(TransactionPath, IsAFileInItsFolder) {
  EXPECT_EQ(transaction_path("0-x.txn"), "_transactions/0-x.txn");
  for (const char* name : {"", "..", "../0-x.txn", "a/b", "/a"}) {
    expect_error(ErrorCode::unsafe, "a transaction-file path that leaves the store",
                 [&] { (void)transaction_path(name); });
  }
}

}  // namespace
}  // namespace lancekeep::lance
