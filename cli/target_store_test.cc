// SPDX-License-Identifier: Apache-2.0
// The target of an import, and copies of versions into it.
#include "cli/target_store.h"

#include "cli/copy_version.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace lancekeep::cli {
namespace {

namespace fs = std::filesystem;

// One tensor "w" of one byte; or it fails while it is read.
class OneTensor : public TensorSource {
 public:
  explicit OneTensor(bool fails = false) : fails_(fails) {}
  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t, const ByteSink& sink) override {
    if (fails_) throw std::runtime_error("the source is gone");
    const std::byte value{7};
    (void)sink({&value, 1});
  }

 private:
  std::vector<TensorSpec> specs_ = {{"w", "uint8", {1}, 1, std::nullopt}};
  bool fails_;
};

class TargetStoreTest : public testing::Test {
 protected:
  TargetStoreTest() {
    std::string name = (fs::temp_directory_path() / "lancekeep-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~TargetStoreTest() override { fs::remove_all(folder_); }

  [[nodiscard]] fs::path path() const { return folder_ / "m.lance"; }
  void fail_to_save() const {
    TargetStore target(path().string());
    OneTensor gone(true);
    EXPECT_THROW(target.open().save(gone), std::runtime_error);
  }

  fs::path folder_;
};

TEST_F(TargetStoreTest, IsMadeWhenItIsOpened) {
  TargetStore target(path().string());
  EXPECT_FALSE(target.existing());
  EXPECT_FALSE(fs::exists(path()));
  OneTensor source;
  EXPECT_EQ(target.open().save(source).version, 1u);
  EXPECT_TRUE(target.existing());
}

TEST_F(TargetStoreTest, StaysWithItsVersions) {
  {
    TargetStore target(path().string());
    OneTensor source;
    target.open().save(source);
  }
  EXPECT_EQ(Store::open(path()).versions().size(), 1u);
}

TEST_F(TargetStoreTest, GoesWhereNoVersionCameIntoIt) {
  fail_to_save();
  EXPECT_FALSE(fs::exists(path()));
}

TEST_F(TargetStoreTest, AnEmptyFolderIsLeftEmpty) {
  fs::create_directory(path());
  fail_to_save();
  EXPECT_TRUE(fs::is_empty(path()));
}

TEST_F(TargetStoreTest, AStoreThatWasThereStays) {
  (void)Store::create(path());
  fail_to_save();
  EXPECT_TRUE(fs::exists(path() / "_versions"));
}

TEST_F(TargetStoreTest, WhatSomeoneElsePutThereStays) {
  {
    TargetStore target(path().string());
    (void)target.open();
    std::ofstream(path() / "notes.txt") << "mine";
  }
  EXPECT_TRUE(fs::exists(path() / "notes.txt"));
}

TEST_F(TargetStoreTest, SomethingElseIsRefusedBeforeItIsOpened) {
  fs::create_directory(path());
  std::ofstream(path() / "notes.txt") << "mine";
  EXPECT_THROW((void)TargetStore(path().string()).existing(), Error);
}

VersionInfo original() {
  VersionInfo info{.number = 4, .message = "its own"};
  info.metadata = {{"epoch", "3"}};
  info.tags = {"best", "paper"};
  return info;
}

TEST_F(TargetStoreTest, ACopyHasMessageMetadataTagsAndOrigin) {
  TargetStore target(path().string());
  OneTensor source;
  EXPECT_EQ(copy_version(target.open(), original(), source, {}).version, 1u);
  const VersionInfo copy = target.open().at().info();
  EXPECT_EQ(copy.message, "its own");
  EXPECT_EQ(
      copy.metadata,
      (Metadata{{"epoch", "3"}, {"source_time", "1970-01-01T00:00:00Z"}, {"source_version", "4"}}));
  EXPECT_THAT(copy.tags, testing::ElementsAre("best", "paper"));
}

TEST_F(TargetStoreTest, WhatIsAskedForTakesPrecedence) {
  TargetStore target(path().string());
  OneTensor source;
  SaveOptions options{.message = "another", .metadata = {{"epoch", "9"}}, .tag = "mine"};
  (void)copy_version(target.open(), original(), source, std::move(options));
  const VersionInfo copy = target.open().at().info();
  EXPECT_EQ(copy.message, "another");
  EXPECT_EQ(copy.metadata.at("epoch"), "9");
  EXPECT_THAT(copy.tags, testing::ElementsAre("best", "mine", "paper"));
}

TEST_F(TargetStoreTest, ATagThatCannotBeSetSaysThatTheVersionIsThere) {
  TargetStore target(path().string());
  OneTensor source;
  target.open().save(source, {.tag = "paper"});
  try {
    (void)copy_version(target.open(), original(), source, {});
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::already_exists);
    EXPECT_THAT(error.what(), testing::HasSubstr("version 2 is saved, but not tagged `paper`"));
  }
}

}  // namespace
}  // namespace lancekeep::cli
