// SPDX-License-Identifier: Apache-2.0
#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

class Restore : public testing::Test {
 protected:
  Restore() : store_(Store::create(path_)) {
    MemorySource first = small_model(1), second = small_model(2);
    store_.save(first, {.message = "first", .metadata = {{"loss", "1"}}, .tag = "base"});
    store_.save(second, {.message = "second"});
  }
  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "m.lance";
  Store store_;
};

TEST_F(Restore, IsANewVersionWithTheOldRows) {
  EXPECT_EQ(store_.restore(1), 3u);
  const MemorySource first = small_model(1);
  const Version version = store_.at();
  ASSERT_EQ(version.tensors().size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(text_of(version.tensor(first.tensors()[i].name)), first.value(i));
  }
  EXPECT_EQ(version.find("embedding.weight").tied_to, "conv.weight");
}

TEST_F(Restore, KeepsMessageAndMetadataAndSaysWhatItIs) {
  store_.restore("base");
  const VersionInfo info = store_.at().info();
  EXPECT_EQ(info.message, "first");
  EXPECT_EQ(info.metadata, (Metadata{{"loss", "1"}, {"restored_from", "1"}}));
  EXPECT_TRUE(info.tags.empty());
  EXPECT_EQ(info.bytes_total, 156u);
  EXPECT_EQ(store_.tags(), (std::map<std::string, std::uint64_t>{{"base", 1}}));
}

TEST_F(Restore, HasAMessageEvenIfTheVersionHasNone) {
  MemorySource third = small_model(3);
  store_.save(third);
  store_.restore(3);
  EXPECT_EQ(store_.at().info().message, "restore of version 3");
  store_.restore(4);
  EXPECT_EQ(store_.at().info().metadata, (Metadata{{"restored_from", "4"}}));
}

TEST_F(Restore, WritesNoValue) {
  const auto before = snapshot(path_);
  store_.restore(1);
  std::uint64_t added = 0;
  for (const auto& [name, content] : snapshot(path_)) {
    if (before.contains(name)) continue;
    EXPECT_FALSE(name.starts_with("data/")) << name;
    added += content.size();
  }
  EXPECT_LT(added, 8192u);
  EXPECT_EQ(store_.at().info().bytes_added, added);
  EXPECT_EQ(store_.versions().back().bytes_added, added);
}

TEST_F(Restore, TheNextSaveSharesWithIt) {
  store_.restore(1);
  MemorySource first = small_model(1);
  EXPECT_EQ(store_.save(first).tensors_written, 0u);
}

TEST_F(Restore, NeverUsesAFragmentIdTwice) {
  store_.restore(1);
  MemorySource third = small_model(3);
  store_.save(third);
  const auto storage = io::open_local_storage(path_);
  const auto list = lance::list_versions(*storage);
  std::map<std::uint64_t, std::string> file_of;
  for (const auto& entry : list.entries) {
    for (const auto& fragment : lance::read_manifest(*storage, entry).manifest.fragments) {
      const auto [it, is_new] = file_of.emplace(fragment.id, fragment.files.front().path);
      EXPECT_EQ(it->second, fragment.files.front().path);
    }
  }
}

TEST_F(Restore, RejectsAVersionThatDoesNotExist) {
  EXPECT_THAT([&] { store_.restore(7); },
              io::fails_with(ErrorCode::not_found, "version 7 does not exist"));
}

TEST_F(Restore, RejectsDamage) {
  std::filesystem::resize_file(store_.at(1).locate("head.weight").path, 100);
  const auto before = snapshot(path_);
  EXPECT_THAT([&] { store_.restore(1); }, io::fails_with(ErrorCode::corrupt, "has 100 bytes"));
  EXPECT_EQ(snapshot(path_), before);
}

TEST_F(Restore, RejectsAStoreThatWasReplaced) {
  MemorySource source = small_model(3);
  Store::replace(path_, source);
  EXPECT_THAT([&] { store_.restore(1); }, io::fails_with(ErrorCode::conflict, "was replaced"));
}

}  // namespace
}  // namespace lancekeep::store
