// SPDX-License-Identifier: Apache-2.0
#include "store/save/referenced_files.h"

#include "io/local_storage.h"
#include "io/testing/forwarding_storage.h"
#include "store/read/store_folder.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class Recorder : public io::ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;
  void sync_file(const std::string& path) override {
    synced.push_back(path);
    ForwardingStorage::sync_file(path);
  }
  std::vector<std::string> synced;
};

class SyncWhatIsShared : public testing::Test {
 protected:
  void save(unsigned seed, bool durable) {
    MemorySource source = small_model(seed);
    source.add("same", "float32", {3}, floats(3, 1));
    store_.save(source, {.durable = durable});
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "m.lance";
  const std::shared_ptr<Recorder> storage_ =
      std::make_shared<Recorder>(io::create_local_storage(path_));
  Store store_ = Store::State::make_store({path_, storage_});
};

TEST_F(SyncWhatIsShared, IsNothingOnADurableVersion) {
  save(1, true);
  save(2, true);
  store_.restore(1);
  EXPECT_THAT(storage_->synced, IsEmpty());
}

TEST_F(SyncWhatIsShared, IsNothingForASaveThatIsNotDurable) {
  save(1, false);
  save(2, false);
  EXPECT_THAT(storage_->synced, IsEmpty());
}

TEST_F(SyncWhatIsShared, IsEveryFileOfAVersionThatIsNotDurableOnlyOnce) {
  save(1, false);
  save(2, true);
  EXPECT_THAT(storage_->synced, SizeIs(3)) << "data, deletions, and the new data";
  save(3, true);
  EXPECT_THAT(storage_->synced, SizeIs(3));
}

TEST_F(SyncWhatIsShared, IsWhatARestoredVersionRefersTo) {
  save(1, false);
  save(2, true);
  storage_->synced.clear();
  store_.restore(1);
  EXPECT_THAT(storage_->synced, SizeIs(1));
}

TEST_F(SyncWhatIsShared, SkipsMissingFiles) {
  save(1, false);
  const auto list = lance::list_versions(*storage_);
  const lance::ManifestFile file = lance::read_manifest(*storage_, list.entries.back());
  std::filesystem::remove(path_ / lance::data_path(file.manifest.fragments[0].files[0]));
  EXPECT_NO_THROW(sync_shared_files(*storage_, file, file.manifest.fragments));
  EXPECT_FALSE(files_exist(*storage_, file.manifest.fragments));
}

}  // namespace
}  // namespace lancekeep::store
