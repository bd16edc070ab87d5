// SPDX-License-Identifier: Apache-2.0
// Store::create makes nothing before the first save, and nothing is left if that save fails.
#include "store/save/create.h"

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/fault_storage.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/testing/version_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace lancekeep::store {
namespace {

namespace fs = std::filesystem;
using io::fails_with;

class Create : public testing::Test {
 protected:
  // The names of everything in the test's folder, folders included.
  std::vector<std::string> found() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "")) {
      names.push_back(fs::relative(entry.path(), folder_ / "").string());
    }
    return names;
  }
  // Options with which a save fails while it writes the tensors.
  static SaveOptions failing() {
    return {.progress = [](std::uint64_t done, std::uint64_t, std::string_view) {
      if (done > 0) throw std::runtime_error("enough");
    }};
  }

  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "m.lance";
  MemorySource source_ = small_model();
};

TEST_F(Create, MakesNothingBeforeTheFirstSave) {
  Store store = Store::create(path_);
  EXPECT_EQ(store.path(), path_);
  EXPECT_TRUE(store.versions().empty());
  EXPECT_TRUE(store.tags().empty());
  EXPECT_THAT([&] { (void)store.at(); }, fails_with(ErrorCode::not_found, "holds no version yet"));
  EXPECT_THAT([&] { store.tag("best"); }, fails_with(ErrorCode::not_found, "holds no version yet"));
  EXPECT_THAT([&] { store.untag("best"); }, fails_with(ErrorCode::not_found, "best"));
  EXPECT_TRUE(found().empty());
  store.save(source_);
  expect_equal(Store::open(path_).at(1), source_);
}

TEST_F(Create, TakesAnEmptyFolder) {
  fs::create_directory(path_);
  Store store = Store::create(path_);
  EXPECT_TRUE(store.versions().empty());
  EXPECT_TRUE(fs::is_empty(path_));
  EXPECT_THROW(store.save(source_, failing()), std::runtime_error);
  EXPECT_TRUE(fs::is_empty(path_)) << "create() leaves the folder as it was";
  store.save(source_);
  expect_equal(store.at(), source_);
}

TEST_F(Create, OpensAStoreThatIsThere) {
  Store::create(path_).save(source_);
  EXPECT_EQ(Store::create(path_).save(source_).version, 2u);
}

TEST_F(Create, NeedsAParentFolder) {
  EXPECT_THAT([&] { (void)Store::create(folder_ / "none/m.lance"); },
              fails_with(ErrorCode::not_found, "does not exist"));
  EXPECT_TRUE(found().empty());
}

TEST_F(Create, RejectsTheNameOfAFile) {
  for (const char* name : {"m.safetensors", "m.pth", "m.npz", "m.tar.gz"}) {
    EXPECT_THAT(
        [&] { (void)Store::create(folder_ / name); },
        fails_with(ErrorCode::invalid_argument, "import it into a store, then export that"));
  }
  std::filesystem::create_directory(folder_ / "m.pth");
  EXPECT_THAT([&] { (void)Store::create(folder_ / "m.pth"); },
              fails_with(ErrorCode::invalid_argument, "a store is a folder"));
}

TEST_F(Create, OpensAStoreThatHasTheNameOfAFile) {
  Store::create(path_).save(source_);
  std::filesystem::rename(path_, folder_ / "m.pth");
  EXPECT_EQ(Store::create(folder_ / "m.pth").save(source_).version, 2u);
}

TEST_F(Create, SaysWhatAFileIs) {
  folder_.write("model", "GGUF");
  EXPECT_THAT([&] { (void)Store::create(folder_ / "model"); },
              fails_with(ErrorCode::invalid_argument, "this is a GGUF file"));
  EXPECT_THAT([&] { (void)Store::open(folder_ / "model"); },
              fails_with(ErrorCode::invalid_argument, "this is a GGUF file"));
}

TEST_F(Create, NamesTheTargetOfALinkToNothing) {
  std::filesystem::create_symlink("nowhere", folder_ / "link");
  EXPECT_THAT([&] { (void)Store::create(folder_ / "link"); },
              fails_with(ErrorCode::not_found, "a link to `nowhere`"));
}

TEST_F(Create, RejectsAFolderThatSomeoneFilledMeanwhile) {
  Store store = Store::create(path_);
  folder_.write("m.lance/cat.jpg", "meow");
  EXPECT_THAT([&] { store.save(source_); },
              fails_with(ErrorCode::invalid_argument, "not a Lance dataset"));
  EXPECT_EQ(snapshot(path_), (std::map<std::string, std::string>{{"cat.jpg", "meow"}}));
}

TEST_F(Create, AFailedFirstSaveLeavesNothing) {
  Store store = Store::create(path_);
  EXPECT_THROW(store.save(source_, failing()), std::runtime_error);
  EXPECT_TRUE(found().empty());
  store.save(source_);
  expect_equal(store.at(), source_);
}

TEST_F(Create, AFirstSaveInWhichAnyCallFailsLeavesNothing) {
  for (std::uint64_t call = 1;; ++call) {
    auto storage = std::make_shared<io::FaultStorage>(
        open_storage_to_be_made(path_), io::FaultStorage::Plan{call, ErrorCode::out_of_space});
    Store store = Store::State::make_store({path_, storage});
    try {
      store.save(source_);
      EXPECT_GT(call, 10u);
      return;
    } catch (const Error& error) {
      if (!store.versions().empty()) return;  // visible, but may not survive a power cut
      EXPECT_TRUE(found().empty()) << storage->failed_call();
    }
  }
}

TEST_F(Create, WhatACrashLeftIsAStoreWithoutVersions) {
  fs::create_directories(path_ / "_versions");
  EXPECT_TRUE(Store::open(path_).versions().empty());
  EXPECT_THAT([&] { (void)Store::open(path_).at(); },
              fails_with(ErrorCode::not_found, "holds no version yet"));
  EXPECT_EQ(Store::create(path_).save(source_).version, 1u);
}

TEST_F(Create, SeesTheStoreThatAnotherMade) {
  Store store = Store::create(path_);
  Store::create(path_).save(source_);
  EXPECT_EQ(store.versions().size(), 1u);
  EXPECT_EQ(store.save(source_).version, 2u);
}

TEST_F(Create, AStoreThatIsReplacedAfterItsFirstSaveIsAnother) {
  Store store = Store::create(path_);
  store.save(source_);
  fs::rename(path_, folder_ / "away.lance");
  Store::create(path_).save(source_);
  EXPECT_THAT([&] { store.save(source_); }, fails_with(ErrorCode::conflict, "replaced"));
}

// As a save finds it that began when the store was there, and listed versions when they were gone.
TEST_F(Create, AFolderThatIsReplacedDuringAFirstSaveIsNotWaitedFor) {
  fs::create_directory(path_);
  const auto storage = io::open_local_storage(path_);
  fs::rename(path_, folder_ / "away.lance");
  Store::create(path_).save(source_);
  EXPECT_THAT([&] { const FirstSaveFolder first(*storage); },
              fails_with(ErrorCode::conflict, "replaced"));
  expect_equal(Store::open(path_).at(1), source_);
}

TEST_F(Create, AFailedFirstSaveLeavesTheFolderToAnotherThatIsSaving) {
  Store one = Store::create(path_), other = Store::create(path_);
  SaveOptions options{.progress = [&](std::uint64_t done, std::uint64_t, std::string_view) {
    if (done == 0) return;
    EXPECT_THROW(other.save(source_, failing()), std::runtime_error);
  }};
  EXPECT_EQ(one.save(source_, options).version, 1u);
  expect_equal(other.at(), source_);
}

TEST_F(Create, ManyThatSaveAtOnceAllSucceed) {
  constexpr int kWriters = 8;
  std::atomic<int> failed = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&, i] {
      MemorySource source = small_model(static_cast<unsigned>(i));
      Store store = Store::create(path_);
      if (i % 2 == 1) {
        EXPECT_THROW(store.save(source, failing()), std::runtime_error);
      }
      try {
        store.save(source);
      } catch (const Error& error) {
        ADD_FAILURE() << error.what();
        ++failed;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Store::open(path_).versions().size(), static_cast<std::size_t>(kWriters));
}

}  // namespace
}  // namespace lancekeep::store
