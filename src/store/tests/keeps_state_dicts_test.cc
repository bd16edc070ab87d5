// SPDX-License-Identifier: Apache-2.0
// What a source has under kStateDictsKey stays with its version, and users do not see it.
#include <lancekeep/store.h>
#include <lancekeep/tensors.h>

#include "store/testing/version_testing.h"
#include "tensor/state_dicts_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lancekeep {
namespace {

Tensors source_with(const std::string& state_dicts) {
  Tensors source;
  source.add("w", Shape{1}, std::vector<float>{1});
  source.set_metadata({{kStateDictsKey, state_dicts}, {"format", "pt"}});
  return source;
}

Metadata metadata_of_source(const Version& version) { return version.source()->metadata(); }

TEST(StateDicts, AreKeptOutOfSight) {
  const store::TemporaryFolder folder;
  for (const Layout layout : {Layout::native, Layout::plain}) {
    Store store = Store::create(folder / to_string(layout));
    Tensors source = source_with("[[[],[]]]");
    store.save(source, {.metadata = {{"epoch", "1"}}, .layout = layout});
    EXPECT_EQ(store.at().info().metadata, (Metadata{{"epoch", "1"}}));
    EXPECT_EQ(metadata_of_source(store.at()),
              (Metadata{{"epoch", "1"}, {kStateDictsKey, "[[[],[]]]"}}));
  }
}

TEST(StateDicts, AreRestoredWithTheirVersion) {
  const store::TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  Tensors first = source_with("[[[],[]]]");
  Tensors second = source_with("");
  store.save(first);
  store.save(second);
  EXPECT_FALSE(metadata_of_source(store.at()).contains(kStateDictsKey));
  EXPECT_EQ(store.at().state_dicts(), "");
  store.restore(1);
  EXPECT_EQ(metadata_of_source(store.at()).at(kStateDictsKey), "[[[],[]]]");
  EXPECT_EQ(store.at().state_dicts(), "[[[],[]]]");
}

TEST(StateDicts, ThatAreTooLongOrNoTextAreNotRecorded) {
  const store::TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  Tensors longest = source_with(std::string(256 << 10, ' '));
  Tensors too_long = source_with(std::string((256 << 10) + 1, ' '));
  Tensors no_text = source_with("\xff");
  store.save(longest);
  EXPECT_EQ(metadata_of_source(store.at()).at(kStateDictsKey).size(), 256u << 10);
  for (Tensors* source : {&too_long, &no_text}) {
    store.save(*source);
    EXPECT_FALSE(metadata_of_source(store.at()).contains(kStateDictsKey));
  }
}

}  // namespace
}  // namespace lancekeep
