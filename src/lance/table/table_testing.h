// SPDX-License-Identifier: Apache-2.0
// For tests of the table layer: a store in a fresh folder, and a small manifest to commit to it.
#pragma once

#include "io/local_storage.h"
#include "io/random_id.h"
#include "io/testing/fault_storage.h"
#include "lance/proto/proto_testing.h"
#include "lance/table/commit.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace lancekeep::lance {

/// Each test has its own folder, removed afterwards.
class TableTest : public testing::Test {
 protected:
  TableTest()
      : folder(std::filesystem::temp_directory_path() / ("lancekeep-table-" + io::random_uuid())),
        storage(io::create_local_storage(folder)) {}
  ~TableTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  void put(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path, std::ios::binary) << content;
  }
  [[nodiscard]] std::string get(const std::string& path) const {
    return std::string(storage->read(path, std::uint64_t{1} << 20).text());
  }
  /// Names in a folder, sorted.
  [[nodiscard]] std::vector<std::string> names(const std::string& path) const {
    std::vector<std::string> result;
    for (const io::FolderEntry& entry : storage->list(path)) result.push_back(entry.name);
    std::sort(result.begin(), result.end());
    return result;
  }
  /// Another storage of the same folder, which fails as `plan` says.
  [[nodiscard]] std::unique_ptr<io::FaultStorage> faulty(io::FaultStorage::Plan plan) const {
    return std::make_unique<io::FaultStorage>(io::open_local_storage(folder), plan);
  }

  std::filesystem::path folder;
  std::unique_ptr<io::Storage> storage;
};

inline Manifest small_manifest() {
  Manifest manifest;
  Field field;
  field.name = "id";
  field.id = 0;
  field.logical_type = "int64";
  manifest.fields = {field};
  DataFile file;
  file.path = "a.lance";
  file.fields = {0};
  file.column_indices = {0};
  Fragment fragment;
  fragment.files = {file};
  fragment.physical_rows = 10;
  manifest.fragments = {fragment};
  manifest.max_fragment_id = 0;
  manifest.data_format = "lance";
  manifest.data_format_version = "2.1";
  manifest.version = 1;
  return manifest;
}

inline Transaction small_transaction() {
  Transaction transaction;
  transaction.uuid = "11111111-2222-4333-8444-555555555555";
  transaction.properties = {{"__lance_commit_message", "hello"}};
  transaction.operation = Operation::overwrite;
  transaction.operation_bytes =
      encode_overwrite(small_manifest().fragments, small_manifest().fields, {});
  return transaction;
}

/// A small version on top of `read_version`.
inline CommitRequest commit_on(std::uint64_t read_version) {
  CommitRequest request;
  request.read_version = read_version;
  request.manifest = small_manifest();
  request.transaction = small_transaction();
  return request;
}

}  // namespace lancekeep::lance
