// SPDX-License-Identifier: Apache-2.0
#include "lance/table/commit.h"
#include "store/gc/gc_testing.h"

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Usage : public GcTest {
 protected:
  std::uint64_t size(const std::string& path) const {
    return std::filesystem::file_size(path_ / path);
  }
  std::uint64_t manifest_size(std::uint64_t version) const {
    return size(lance::manifest_path(version, lance::NamingScheme::v2));
  }
  std::uint64_t transaction_size(std::uint64_t version) const {
    return size(lance::transaction_path(manifest_of(version).manifest.transaction_file));
  }
  std::uint64_t size_of_all() const {
    std::uint64_t sum = 0;
    for (const auto& [path, content] : files()) sum += content.size();
    return sum;
  }
};

TEST_F(Usage, OfAStoreWithoutVersionsIsNothing) {
  const DiskUsage usage = store_.disk_usage();
  EXPECT_EQ(usage.bytes, 0u);
  EXPECT_THAT(usage.versions, IsEmpty());
}

TEST_F(Usage, CountsEachFileByItsUse) {
  save(1);
  save(2);
  store_.tag("best", 1);
  put("data/" + kStem + ".lance", "1234567");
  put("notes.txt", "123");
  const DiskUsage usage = store_.disk_usage();
  EXPECT_EQ(usage.bytes, size_of_all());
  EXPECT_EQ(usage.values, size(data_file_of(1)) + size(data_file_of(2)));
  EXPECT_EQ(usage.bookkeeping, manifest_size(1) + manifest_size(2) + transaction_size(1) +
                                   transaction_size(2) + size("_refs/tags/best.json"));
  EXPECT_EQ(usage.unreachable, 10u);
  EXPECT_EQ(usage.bytes, usage.values + usage.bookkeeping + usage.unreachable);
  EXPECT_THAT(usage.notes, IsEmpty());
}

TEST_F(Usage, CountsFilesThatVersionsShareOnce) {
  save(1);
  lance::CommitRequest again;
  again.read_version = 1;
  again.manifest = manifest_of(1).manifest;
  again.transaction = *manifest_of(1).transaction;
  ASSERT_TRUE(lance::commit(*storage_, again));
  const DiskUsage usage = store_.disk_usage();
  const std::uint64_t data = size(data_file_of(1));
  EXPECT_EQ(usage.values, data);
  ASSERT_EQ(usage.versions.size(), 2u);
  for (const DiskUsage::OfVersion& version : usage.versions) {
    EXPECT_EQ(version.exclusive, manifest_size(version.number) + transaction_size(version.number));
    EXPECT_EQ(version.bytes, version.exclusive + data);
  }
  EXPECT_EQ(usage.bytes, size_of_all());
}

TEST_F(Usage, BlobsCountWithTheDataFileBesideThem) {
  save(1);
  const std::string data = data_file_of(1);
  const std::uint64_t before = store_.disk_usage().versions.at(0).exclusive;
  put(data.substr(0, data.rfind('.')) + "/" + kBlob, "12345");
  put("data/" + kStem + "/" + kBlob, "123");
  const DiskUsage usage = store_.disk_usage();
  EXPECT_EQ(usage.values, size(data) + 5);
  EXPECT_EQ(usage.versions.at(0).exclusive, before + 5);
  EXPECT_EQ(usage.unreachable, 3u);
}

TEST_F(Usage, LancesOwnFoldersAreBookkeeping) {
  save(1);
  const std::uint64_t before = store_.disk_usage().bookkeeping;
  put("_indices/" + kUuid + "/index.idx", "1");  // of no version: unreachable
  put("_blobs/1.blob", "12");
  put("tree/dev/_versions/1.manifest", "123");
  put("_versions/latest_version_hint.json", "1234");
  EXPECT_EQ(store_.disk_usage().bookkeeping, before + 9);
  EXPECT_EQ(store_.disk_usage().unreachable, 1u);
}

TEST_F(Usage, ADamagedVersionIsListedWithoutFiles) {
  save(1);
  save(2);
  const std::uint64_t data = size(data_file_of(1)), transaction = transaction_size(1);
  put(lance::manifest_path(1, lance::NamingScheme::v2), "torn");
  const DiskUsage usage = store_.disk_usage();
  ASSERT_EQ(usage.versions.size(), 2u);
  EXPECT_EQ(usage.versions[0].number, 1u);
  EXPECT_EQ(usage.versions[0].bytes, 0u);
  EXPECT_EQ(usage.unreachable, data + transaction + 4);
  EXPECT_THAT(usage.notes, ElementsAre(HasSubstr("version 1 cannot be read")));
}

TEST_F(Usage, DoesNotFollowLinks) {
  save(1);
  const std::uint64_t before = store_.disk_usage().bytes;
  folder_.write("outside/large", std::string(1000, 'x'));
  std::filesystem::create_directory_symlink(folder_ / "outside", path_ / "link");
  std::filesystem::create_symlink(folder_ / "outside/large", path_ / "data/link.lance");
  EXPECT_EQ(store_.disk_usage().bytes, before);
}

TEST_F(Usage, NotesFoldersThatItCannotRead) {
  save(1);
  std::string deep = "deep";
  for (int i = 0; i < 70; ++i) deep += "/f";
  put(deep + "/file", "12345");
  EXPECT_THAT(store_.disk_usage().notes, ElementsAre(HasSubstr("not counted: ")));
  EXPECT_EQ(store_.disk_usage().unreachable, 0u);
}

}  // namespace
}  // namespace lancekeep::store
