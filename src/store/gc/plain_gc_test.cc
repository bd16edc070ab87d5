// SPDX-License-Identifier: Apache-2.0
// Clean-ups, tags and disk usage of plain datasets: as for any other store, but nothing is
// rewritten.
#include <lancekeep/store.h>

#include "store/testing/plain_testing.h"

namespace lancekeep::store {
namespace {

using testing::ElementsAre;

class PlainGcTest : public PlainTest {
 protected:
  PlainGcTest() {
    old_ = write_rows(small_plain());
    publish({old_});
    shared_ = write_rows({{"shared", {1, 2}, {2}}});
    publish({shared_});
    publish({shared_, write_rows({{"late", {3}, {1}}})});
  }
  [[nodiscard]] bool is_there(const lance::Fragment& fragment) const {
    return std::filesystem::exists(path_ / lance::data_path(fragment.files[0]));
  }

  lance::Fragment old_;
  lance::Fragment shared_;
};

TEST_F(PlainGcTest, RemovesVersionsAndTheirFiles) {
  Store store = Store::open(path_);
  const GcReport report = store.gc({.keep_last = 1});
  EXPECT_THAT(report.versions_removed, ElementsAre(1, 2));
  EXPECT_FALSE(report.rewritten);
  EXPECT_FALSE(is_there(old_));
  EXPECT_TRUE(is_there(shared_));
  EXPECT_EQ(store.at().tensor("shared").bytes().size(), 16U);
  EXPECT_EQ(store.at().tensor("late").bytes().size(), 8U);
}

TEST_F(PlainGcTest, DoesNotRewriteMostlyDeletedFiles) {
  publish({without(write_rows(small_plain()), {0, 1})});
  EXPECT_FALSE(Store::open(path_).gc({.keep_last = 1}).rewritten);
  EXPECT_EQ(Store::open(path_).at().tensors().size(), 1U);
}

TEST_F(PlainGcTest, KeepsATaggedVersion) {
  Store store = Store::open(path_);
  EXPECT_EQ(store.tag("first", 1), 1U);
  EXPECT_THAT(store.gc({.keep_last = 1}).versions_removed, ElementsAre(2));
  EXPECT_EQ(store.at("first").tensors().size(), 3U);
  EXPECT_THAT(store.at("first").info().tags, ElementsAre("first"));
  store.untag("first");
  EXPECT_THAT(store.gc({.keep_last = 1}).versions_removed, ElementsAre(1));
}

TEST_F(PlainGcTest, AnOpenVersionKeepsItsValues) {
  const Version first = Store::open(path_).at(1);
  Store::open(path_).gc({.keep_last = 1});
  EXPECT_FALSE(is_there(old_));
  EXPECT_EQ(first.tensor("conv.weight").bytes().size(), 48U);
}

TEST_F(PlainGcTest, DiskUsageCountsItsFiles) {
  const DiskUsage usage = Store::open(path_).disk_usage();
  ASSERT_EQ(usage.versions.size(), 3U);
  EXPECT_EQ(usage.unreachable, 0U);
  EXPECT_GT(usage.values, old_.files[0].size + shared_.files[0].size);
  EXPECT_GT(usage.versions[0].exclusive, old_.files[0].size);
  EXPECT_LT(usage.versions[1].exclusive, usage.versions[1].bytes);
}

TEST_F(PlainGcTest, AnEarlierVersionIsRestored) {
  Store store = Store::open(path_);
  EXPECT_EQ(store.restore(1), 4U);
  const Version restored = store.at();
  EXPECT_EQ(restored.info().layout, Layout::plain);
  EXPECT_EQ(restored.info().bytes_total, 72U);
  EXPECT_EQ(restored.tensors().size(), 3U);
  EXPECT_EQ(text_of(restored.tensor("conv.weight")), text_of(store.at(1).tensor("conv.weight")));
}

}  // namespace
}  // namespace lancekeep::store
