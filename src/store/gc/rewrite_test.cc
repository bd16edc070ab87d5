// SPDX-License-Identifier: Apache-2.0
#include "store/gc/gc_testing.h"

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Rewrite : public GcTest {
 protected:
  // Ten tensors; the first `changed` of them have values that differ from version 1.
  static MemorySource wide_model(unsigned changed) {
    MemorySource source;
    for (unsigned i = 0; i < 10; ++i) {
      source.add("layer." + std::to_string(i), "float32", {5000},
                 floats(5000, i * 100 + (i < changed ? 7 : 0)));
    }
    return source;
  }
  void save_wide(unsigned changed, const SaveOptions& options = {}) {
    MemorySource source = wide_model(changed);
    store_.save(source, options);
  }
  void expect_wide(unsigned changed) const {
    const MemorySource source = wide_model(changed);
    const Version latest = store_.at();
    ASSERT_EQ(latest.tensors().size(), 10u);
    for (std::size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(latest.tensors()[i].name, source.tensors()[i].name);
      EXPECT_EQ(text_of(latest.tensor(source.tensors()[i].name)), source.value(i));
    }
  }
  [[nodiscard]] std::uint64_t data_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& [name, content] : files()) {
      if (name.starts_with("data/")) bytes += content.size();
    }
    return bytes;
  }
};

TEST_F(Rewrite, FreesAFileThatIsMostlyDead) {
  save_wide(0);
  save_wide(8, {.message = "epoch 2", .metadata = {{"loss", "0.5"}}});
  EXPECT_GT(data_bytes(), 18u * 20000);
  const GcReport report = store_.gc({.keep_last = 1, .orphans_older_than = kAnyAge});
  EXPECT_EQ(report.rewritten, 3u);
  EXPECT_THAT(report.versions_removed, ElementsAre(1u, 2u));
  EXPECT_LT(data_bytes(), 10u * 20000 + 20000);
  EXPECT_EQ(store_.disk_usage().unreachable, 0u);
  expect_wide(8);
  EXPECT_EQ(store_.at().info().message, "gc: epoch 2");
  EXPECT_EQ(store_.at().info().metadata, (Metadata{{"loss", "0.5"}}));
}

TEST_F(Rewrite, IsNotDoneIfNotWanted) {
  save_wide(0);
  save_wide(8);
  EXPECT_EQ(store_.gc({.keep_last = 1, .rewrite = false}).rewritten, std::nullopt);
  EXPECT_THAT(versions(), ElementsAre(2u));
  expect_wide(8);
}

TEST_F(Rewrite, KeepsAFileThatIsMostlyInUse) {
  save_wide(0);
  save_wide(3);
  EXPECT_EQ(store_.gc({.keep_last = 1}).rewritten, std::nullopt);
  EXPECT_THAT(versions(), ElementsAre(2u));
  expect_wide(3);
}

TEST_F(Rewrite, KeepsAFileThatAnotherVersionNeeds) {
  save_wide(0, {.tag = "base"});
  save_wide(8);
  EXPECT_EQ(store_.gc({.keep_last = 1}).rewritten, std::nullopt);
  EXPECT_THAT(versions(), ElementsAre(1u, 2u));
}

TEST_F(Rewrite, DoesNotReplaceAVersionThatIsKept) {
  save_wide(0);
  save_wide(8);
  EXPECT_EQ(store_.gc({.keep_last = 2}).rewritten, std::nullopt);
  store_.tag("best");
  EXPECT_EQ(store_.gc({.keep_last = 1}).rewritten, std::nullopt);
}

TEST_F(Rewrite, ADryRunPublishesNothing) {
  save_wide(0);
  save_wide(8);
  const auto before = files();
  EXPECT_EQ(store_.gc({.keep_last = 1, .dry_run = true}).rewritten, std::nullopt);
  EXPECT_EQ(files(), before);
}

TEST_F(Rewrite, AFailureIsANoteAndTheRestIsDone) {
  save_wide(0);
  save_wide(8);
  const Location place = store_.at().locate("layer.9");
  {
    std::fstream file(place.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(place.offset));
    file.put('\x55');
  }
  const GcReport report = store_.gc({.keep_last = 1});
  EXPECT_THAT(report.notes, ElementsAre(testing::HasSubstr("were not rewritten")));
  EXPECT_THAT(versions(), ElementsAre(2u));
}

TEST_F(Rewrite, ASecondTimeThereIsNothingToDo) {
  save_wide(0);
  save_wide(8);
  (void)store_.gc({.keep_last = 1});
  const GcReport report = store_.gc({.keep_last = 1});
  EXPECT_EQ(report.rewritten, std::nullopt);
  EXPECT_THAT(report.versions_removed, IsEmpty());
}

}  // namespace
}  // namespace lancekeep::store
