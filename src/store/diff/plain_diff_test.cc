// SPDX-License-Identifier: Apache-2.0
// Versions of plain datasets are compared by their values, because they have no hashes.
#include <lancekeep/diff.h>
#include <lancekeep/store.h>

#include "store/testing/plain_testing.h"

namespace lancekeep::store {
namespace {

class PlainDiffTest : public PlainTest {
 protected:
  [[nodiscard]] Diff diff(const DiffOptions& options = {}) const {
    return Store::open(path_).diff(1, 2, options);
  }
};

TEST_F(PlainDiffTest, FindsWhatChanged) {
  publish({write_rows({{"same", {1, 2}, {2}}, {"moved", {3, 4}, {2}}, {"gone", {5}, {1}}})});
  publish({write_rows({{"same", {1, 2}, {2}}, {"moved", {3, 6}, {2}}, {"new", {5}, {1}}})});
  const Diff found = diff({.norms = true});
  ASSERT_EQ(found.unchanged.size(), 1U);
  EXPECT_EQ(found.unchanged[0].name, "same");
  ASSERT_EQ(found.changed.size(), 1U);
  EXPECT_EQ(found.changed[0].after.name, "moved");
  ASSERT_TRUE(found.changed[0].norms);
  EXPECT_EQ(found.changed[0].norms->differing, 1U);
  EXPECT_EQ(found.changed[0].norms->l2, 2);
  ASSERT_EQ(found.added.size(), 1U);
  EXPECT_EQ(found.added[0].name, "new");
  ASSERT_EQ(found.removed.size(), 1U);
  EXPECT_EQ(found.removed[0].name, "gone");
}

TEST_F(PlainDiffTest, ASharedFragmentIsUnchanged) {
  const lance::Fragment fragment = write_rows(small_plain());
  publish({fragment});
  publish({fragment});
  EXPECT_TRUE(diff().empty());
  EXPECT_EQ(diff().unchanged.size(), 3U);
}

TEST_F(PlainDiffTest, ComparesTheLastRowOfAName) {
  publish({write_rows({{"w", {1}, {1}}, {"w", {2}, {1}}})});
  publish({write_rows({{"w", {2}, {1}}})});
  EXPECT_TRUE(diff().empty());
  EXPECT_EQ(diff().unchanged.size(), 1U);
}

TEST_F(PlainDiffTest, ComparesWithANativeStore) {
  publish({write_rows({{"w", {2}, {1}}})});
  const double two = 2;
  MemorySource source;
  source.add("w", "float64", {1}, std::string(reinterpret_cast<const char*>(&two), sizeof(two)));
  Store native = Store::create(folder_ / "native.lance");
  native.save(source);
  EXPECT_TRUE(lancekeep::diff(Store::open(path_).at(1), native.at(1)).empty());
  EXPECT_EQ(
      lancekeep::diff(Store::open(path_).at(1, {.dtype = "float32"}), native.at(1)).changed.size(),
      1U);
}

}  // namespace
}  // namespace lancekeep::store
