// SPDX-License-Identifier: Apache-2.0
// A writer is stopped before any one of its calls, while others commit, clean up and replace. It
// ends with a version on top of the newest one, or with an error, and destroys nothing.
#include "stopping_storage.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;

constexpr unsigned kOthersModel = 10, kWritersModel = 20;

// A new store with versions 1 and 2, and a writer that is stopped before its `call`-th call while
// others work.
class Scene {
 public:
  explicit Scene(std::uint64_t call) : call_(call) {
    std::filesystem::create_directories(path_ / "_versions");
    others_.emplace(stopping_store(path_, std::make_shared<Stops>()));
    for (const unsigned seed : {1, 2}) save(*others_, seed);
    writer_.emplace(stopping_store(path_, stops_));
  }

  SaveReport save(Store& store, unsigned seed, const std::string& tag = "") const {
    MemorySource source = evolving_model(seed);
    return store.save(source, {.tag = tag});
  }
  void commit_three_and_keep_the_last() {
    for (unsigned seed = kOthersModel; seed < kOthersModel + 3; ++seed) save(*others_, seed);
    others_->gc({.keep_last = 1, .orphans_older_than = kAnyAge});
    others_newest_ = others_->at().number();  // 5, or 6 if gc rewrites it with fewer files
  }
  std::uint64_t others_newest() const { return others_newest_; }
  void tag(const std::string& name, std::uint64_t number) { others_->tag(name, number); }
  void replace() const {
    MemorySource source = evolving_model(kOthersModel);
    Store::replace(path_, source);
  }

  // Returns the number of the writer's version. If it is unset, error() says why.
  std::optional<std::uint64_t> write(const std::function<void()>& meanwhile,
                                     const std::function<std::uint64_t(Store&)>& work) {
    stops_->arm(call_, [&] {
      was_stopped_ = true;
      meanwhile();
    });
    try {
      return work(*writer_);
    } catch (const Error& error) {
      error_ = error;
      return std::nullopt;
    }
  }
  bool was_stopped() const { return was_stopped_; }
  const Error& error() const { return error_.value(); }

  std::vector<std::uint64_t> numbers() const {
    std::vector<std::uint64_t> numbers;
    for (const VersionInfo& info : Store::open(path_).versions()) numbers.push_back(info.number);
    return numbers;
  }
  void expect_model(std::uint64_t number, unsigned seed) const {
    expect_same(Store::open(path_).at(number), evolving_model(seed));
  }
  std::map<std::string, std::uint64_t> tags() const { return Store::open(path_).tags(); }
  // Expects no finding, and no unreferenced files once everyone is done.
  void expect_intact() const {
    Store store = Store::open(path_);
    for (const VerifyFinding& finding : store.verify_all().findings) ADD_FAILURE() << finding.what;
    store.gc({.keep_last = 100, .orphans_older_than = kAnyAge});
    EXPECT_EQ(store.disk_usage().unreachable, 0u);
  }

 private:
  const std::uint64_t call_;
  TemporaryFolder folder_{quick_place()};
  const std::filesystem::path path_ = folder_ / "m.lance";
  const std::shared_ptr<Stops> stops_ = std::make_shared<Stops>();
  std::optional<Store> others_, writer_;
  bool was_stopped_ = false;
  std::uint64_t others_newest_ = 0;
  std::optional<Error> error_;
};

// Plays the scene once for each of the writer's calls, stopping it before that call; returns the
// number of calls.
std::uint64_t stop_at_every_call(const std::function<void(Scene&)>& play) {
  for (std::uint64_t call = 1;; ++call) {
    SCOPED_TRACE("stopped before call " + std::to_string(call));
    Scene scene(call);
    play(scene);
    scene.expect_intact();
    if (!scene.was_stopped()) return call - 1;
  }
}

TEST(StoppedWriter, SavesOnTopOfTheNewestVersion) {
  const std::uint64_t calls = stop_at_every_call([](Scene& scene) {
    const auto number =
        scene.write([&] { scene.commit_three_and_keep_the_last(); },
                    [&](Store& store) { return scene.save(store, kWritersModel).version; });
    ASSERT_TRUE(number) << scene.error().what();
    scene.expect_model(*number, kWritersModel);
    if (!scene.was_stopped()) return;
    EXPECT_EQ(number, scene.others_newest() + 1);
    EXPECT_THAT(scene.numbers(), ElementsAre(scene.others_newest(), *number));
    scene.expect_model(scene.others_newest(), kOthersModel + 2);
  });
  EXPECT_GT(calls, 30u);
}

TEST(StoppedWriter, SavesWithATag) {
  const std::uint64_t calls = stop_at_every_call([&](Scene& scene) {
    const auto number =
        scene.write([&] { scene.commit_three_and_keep_the_last(); },
                    [&](Store& store) { return scene.save(store, kWritersModel, "best").version; });
    // No one can remove the version before it is tagged: both happen under one lock.
    ASSERT_TRUE(number) << scene.error().what();
    scene.expect_model(*number, kWritersModel);
    EXPECT_THAT(scene.tags(), ElementsAre(std::pair("best", *number)));
  });
  EXPECT_GT(calls, 30u);
}

TEST(StoppedWriter, RestoresAVersionThatStillExists) {
  std::uint64_t rejected = 0;
  stop_at_every_call([&](Scene& scene) {
    const auto number = scene.write([&] { scene.commit_three_and_keep_the_last(); },
                                    [&](Store& store) { return store.restore(1); });
    if (number) {
      scene.expect_model(*number, 1);
      EXPECT_FALSE(scene.was_stopped());
      return;
    }
    ++rejected;
    EXPECT_EQ(scene.error().code(), ErrorCode::not_found) << scene.error().what();
    EXPECT_THAT(scene.numbers(), ElementsAre(scene.others_newest()));
  });
  EXPECT_GT(rejected, 10u);
}

TEST(StoppedWriter, RestoresAVersionThatATagKeeps) {
  stop_at_every_call([&](Scene& scene) {
    const auto number = scene.write(
        [&] {
          scene.tag("keep", 1);
          scene.commit_three_and_keep_the_last();
        },
        [&](Store& store) { return store.restore(1); });
    ASSERT_TRUE(number) << scene.error().what();
    scene.expect_model(*number, 1);
    EXPECT_EQ(number, scene.was_stopped() ? scene.others_newest() + 1 : 3);
  });
}

TEST(StoppedWriter, TagsAVersionThatStillExists) {
  stop_at_every_call([&](Scene& scene) {
    const auto number = scene.write([&] { scene.commit_three_and_keep_the_last(); },
                                    [&](Store& store) { return store.tag("best", 2); });
    if (number) {
      scene.expect_model(2, 2);
      EXPECT_FALSE(scene.was_stopped());
      return;
    }
    EXPECT_EQ(scene.error().code(), ErrorCode::not_found) << scene.error().what();
    EXPECT_TRUE(scene.tags().empty());
  });
}

TEST(StoppedWriter, CleansUpWhatIsOldAtThatTime) {
  stop_at_every_call([](Scene& scene) {
    const auto files = scene.write(
        [&] { scene.commit_three_and_keep_the_last(); },
        [](Store& store) {
          return store.gc({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed;
        });
    ASSERT_TRUE(files) << scene.error().what();
    ASSERT_EQ(scene.numbers().size(), 1u);
    scene.expect_model(scene.numbers().front(), scene.was_stopped() ? kOthersModel + 2 : 2);
  });
}

// A writer that has the old store open gets an error in every operation; the new store is
// unchanged.
TEST(StoppedWriter, WritesNothingToAStoreThatReplacedItsOwn) {
  const std::vector<std::function<std::uint64_t(Scene&, Store&)>> works = {
      [](Scene& scene, Store& store) { return scene.save(store, kWritersModel).version; },
      [](Scene& scene, Store& store) { return scene.save(store, kWritersModel, "best").version; },
      [](Scene&, Store& store) { return store.restore(1); },
      [](Scene&, Store& store) { return store.tag("best", 2); },
      [](Scene&, Store& store) {
        return store.gc({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed;
      }};
  for (const auto& work : works) {
    stop_at_every_call([&](Scene& scene) {
      const auto number =
          scene.write([&] { scene.replace(); }, [&](Store& store) { return work(scene, store); });
      if (!scene.was_stopped()) return;
      EXPECT_FALSE(number);
      EXPECT_THAT(scene.numbers(), ElementsAre(1));
      scene.expect_model(1, kOthersModel);
      EXPECT_TRUE(scene.tags().empty());
    });
  }
}

TEST(StoppedWriter, ReplacesAStoreWhileAnotherWriterSavesTheFirstVersion) {
  for (const bool is_there : {true, false}) {
    const TemporaryFolder folder(quick_place());
    const auto path = folder / "m.lance";
    if (is_there) std::filesystem::create_directories(path / "_versions");
    const auto stops = std::make_shared<Stops>();
    stops->arm(1, [&] {
      MemorySource source = evolving_model(kOthersModel);
      Store::create(path).save(source);
    });
    StoppingSource source(evolving_model(kWritersModel), stops);
    EXPECT_EQ(Store::replace(path, source).version, 1u);
    const Store store = Store::open(path);
    EXPECT_EQ(store.versions().size(), 1u);
    expect_same(store.at(), evolving_model(kWritersModel));
  }
}

}  // namespace
}  // namespace lancekeep::store
