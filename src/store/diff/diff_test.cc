// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/store.h>

#include "io/testing/error_matcher.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::IsEmpty;

class DiffOfVersions : public testing::Test {
 protected:
  DiffOfVersions() : store_(Store::create(folder_ / "m.lance")) {}

  static std::vector<std::string> names(const std::vector<TensorInfo>& tensors) {
    std::vector<std::string> names;
    for (const TensorInfo& tensor : tensors) names.push_back(tensor.name);
    return names;
  }
  static std::vector<std::string> names(const std::vector<TensorChange>& changes) {
    std::vector<std::string> names;
    for (const TensorChange& change : changes) {
      EXPECT_EQ(change.before.name, change.after.name);
      names.push_back(change.after.name);
    }
    return names;
  }
  static MemorySource one(const std::string& dtype, Shape shape, std::string bytes) {
    MemorySource source;
    source.add("w", dtype, std::move(shape), std::move(bytes));
    return source;
  }
  Diff diff_of(MemorySource before, MemorySource after, const DiffOptions& options = {}) {
    const std::uint64_t first = store_.save(before).version;
    return store_.diff(first, store_.save(after).version, options);
  }

  const TemporaryFolder folder_;
  Store store_;
};

TEST_F(DiffOfVersions, TheSameModel) {
  const Diff diff = diff_of(small_model(), small_model());
  EXPECT_TRUE(diff.empty());
  EXPECT_THAT(names(diff.unchanged), ElementsAre("conv.weight", "bn.num_batches", "empty",
                                                 "head.weight", "embedding.weight"));
}

TEST_F(DiffOfVersions, EachListInModelOrder) {
  MemorySource before;
  before.add("z", "float32", {1}, floats(1, 1)).add("gone.b", "int8", {1}, "1");
  before.add("kept", "int8", {2}, "12").add("gone.a", "int8", {1}, "1");
  before.add("y", "float32", {1}, floats(1, 1));
  MemorySource after;
  after.add("y", "float32", {1}, floats(1, 2)).add("new.b", "int8", {1}, "1");
  after.add("z", "float32", {1}, floats(1, 2)).add("new.a", "int8", {1}, "1");
  after.add("kept", "int8", {2}, "12");
  const Diff diff = diff_of(before, after);
  EXPECT_FALSE(diff.empty());
  EXPECT_THAT(names(diff.added), ElementsAre("new.b", "new.a"));
  EXPECT_THAT(names(diff.removed), ElementsAre("gone.b", "gone.a"));
  EXPECT_THAT(names(diff.changed), ElementsAre("y", "z"));
  EXPECT_THAT(names(diff.unchanged), ElementsAre("kept"));
  EXPECT_EQ(diff.changed[0].norms, std::nullopt);
}

TEST_F(DiffOfVersions, ARenameIsARemovalAndAnAddition) {
  MemorySource after;
  after.add("v", "int8", {1}, "1");
  const Diff diff = diff_of(one("int8", {1}, "1"), after);
  EXPECT_THAT(names(diff.removed), ElementsAre("w"));
  EXPECT_THAT(names(diff.added), ElementsAre("v"));
  EXPECT_THAT(diff.changed, IsEmpty());
}

TEST_F(DiffOfVersions, ATieThatIsCutIsNoChange) {
  MemorySource after = small_model();
  after.spec(4).tied_to.reset();
  EXPECT_TRUE(diff_of(small_model(), after).empty());
}

TEST_F(DiffOfVersions, AnotherDtypeHasNoFigures) {
  const Diff diff =
      diff_of(one("float32", {2}, floats(2, 1)), one("int32", {2}, floats(2, 1)), {.norms = true});
  ASSERT_THAT(names(diff.changed), ElementsAre("w"));
  EXPECT_EQ(diff.changed[0].before.dtype, "float32");
  EXPECT_EQ(diff.changed[0].after.dtype, "int32");
  EXPECT_FALSE(diff.changed[0].norms);
}

TEST_F(DiffOfVersions, AnotherShapeHasNoFigures) {
  const Diff diff = diff_of(one("float32", {2, 3}, floats(6, 1)),
                            one("float32", {3, 2}, floats(6, 1)), {.norms = true});
  ASSERT_THAT(names(diff.changed), ElementsAre("w"));
  EXPECT_FALSE(diff.changed[0].norms);
}

TEST_F(DiffOfVersions, IntegersHaveNoFigures) {
  const Diff diff = diff_of(one("int8", {1}, "1"), one("int8", {1}, "2"), {.norms = true});
  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_FALSE(diff.changed[0].norms);
}

TEST_F(DiffOfVersions, Figures) {
  const Diff diff = diff_of(one("float32", {2, 2}, floats(4, 1)),
                            one("float32", {2, 2}, floats(4, 3)), {.norms = true});
  ASSERT_EQ(diff.changed.size(), 1U);
  ASSERT_TRUE(diff.changed[0].norms);
  EXPECT_EQ(diff.changed[0].norms->elements, 4U);
  EXPECT_EQ(diff.changed[0].norms->differing, 4U);
  EXPECT_EQ(diff.changed[0].norms->l2, 1);  // four times 0.5
  EXPECT_EQ(diff.changed[0].norms->max_abs, 0.5);
}

TEST_F(DiffOfVersions, ProgressEndsAtTheBytesOfBothSides) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> calls;
  MemorySource before = one("float32", {2}, floats(2, 1));
  before.add("same", "float32", {100}, floats(100, 1)).add("v", "float32", {3}, floats(3, 1));
  MemorySource after = one("float32", {2}, floats(2, 2));
  after.add("same", "float32", {100}, floats(100, 1)).add("v", "float32", {3}, floats(3, 2));
  const DiffOptions options{.norms = true, .progress = [&](auto done, auto total, auto) {
                              calls.emplace_back(done, total);
                            }};
  (void)diff_of(before, after, options);
  EXPECT_THAT(calls, ElementsAre(std::pair(16, 40), std::pair(40, 40)));
}

TEST_F(DiffOfVersions, WithoutFiguresNothingIsRead) {
  int calls = 0;
  (void)diff_of(small_model(1), small_model(2), {.progress = [&](auto, auto, auto) { ++calls; }});
  EXPECT_EQ(calls, 0);
}

TEST_F(DiffOfVersions, AnExceptionOfTheProgressStopsIt) {
  const DiffOptions options{.norms = true,
                            .progress = [](auto, auto, auto) { throw std::runtime_error("no"); }};
  EXPECT_THROW((void)diff_of(small_model(1), small_model(2), options), std::runtime_error);
}

TEST_F(DiffOfVersions, OfTwoStores) {
  Store other = Store::create(folder_ / "other.lance");
  MemorySource source = small_model(1);
  store_.save(source);
  MemorySource changed = small_model(1);
  changed.add("more", "int8", {1}, "1");
  other.save(changed);
  const Diff diff = lancekeep::diff(store_.at(), other.at());
  EXPECT_THAT(names(diff.added), ElementsAre("more"));
  EXPECT_EQ(diff.unchanged.size(), 5U);
}

TEST_F(DiffOfVersions, AVersionThatIsNotThere) {
  MemorySource source = small_model();
  store_.save(source);
  EXPECT_THAT([&] { (void)store_.diff(1, 7); }, fails_with(ErrorCode::not_found, "7"));
}

TEST_F(DiffOfVersions, TheResultOutlivesTheStore) {
  const Diff diff = [&] {
    Store store = Store::create(folder_ / "short.lance");
    MemorySource source = small_model(1);
    store.save(source);
    MemorySource second = small_model(2);
    store.save(second);
    return store.diff(1, 2);
  }();
  EXPECT_EQ(diff.changed.at(0).after.name, "conv.weight");
}

}  // namespace
}  // namespace lancekeep::store
