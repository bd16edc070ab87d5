// SPDX-License-Identifier: Apache-2.0
// Saves in the plain layout: what they write, what they reject, and what other writers do
// meanwhile.
#include "store/save/plain_save.h"

#include "io/testing/error_matcher.h"
#include "store/save/save.h"
#include "store/table/model_columns.h"
#include "store/table/properties.h"
#include "store/table/schema_fields.h"
#include "store/testing/plain_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;

const SaveOptions kPlain{.layout = Layout::plain};
const SaveOptions kNative{.layout = Layout::native};

class PlainSaveTest : public testing::Test {
 protected:
  SaveReport save(float first, const SaveOptions& options = {}) {
    MemorySource source = plain_model(first);
    return store_.save(source, options);
  }
  std::size_t data_files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path_ / "data"),
                      std::filesystem::directory_iterator()));
  }
  void expect_refused(MemorySource source, const SaveOptions& options, const char* part) {
    const auto before = snapshot(path_);
    EXPECT_THAT([&] { store_.save(source, options); },
                fails_with(ErrorCode::invalid_argument, part));
    EXPECT_EQ(snapshot(path_), before);
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "m.lance";
  Store store_ = Store::create(path_);
};

TEST_F(PlainSaveTest, TheFirstOneMakesADatasetOfThreeColumns) {
  const SaveReport report = save(1, kPlain);
  EXPECT_EQ(report.version, 1u);
  EXPECT_EQ(plain_rows(path_), plain_model_rows(1));
  const lance::Manifest manifest = newest_manifest(path_).manifest;
  EXPECT_EQ(describe_columns(manifest.fields),
            "name: string, value: list<double>, shape: list<int64>");
  EXPECT_EQ(manifest.data_format_version, "2.1");
  ASSERT_EQ(manifest.fragments.size(), 1u);
  EXPECT_FALSE(manifest.fragments[0].deletion);
  EXPECT_THAT(manifest.fragments[0].files[0].fields, ElementsAre(0, 2, 4));
}

TEST_F(PlainSaveTest, TheNextOnesKeepTheLayoutAndWriteEverythingAnew) {
  save(1, kPlain);
  for (const SaveOptions& options : {SaveOptions{}, kPlain}) {
    const SaveReport report = save(2, options);
    EXPECT_EQ(plain_rows(path_), plain_model_rows(2));
    EXPECT_EQ(report.tensors_written, 5u);
    EXPECT_EQ(report.tensors_kept, 0u);
    EXPECT_EQ(report.bytes_shared, 0u);
    EXPECT_EQ(report.bytes_total, 12 * sizeof(double));
    EXPECT_GT(report.bytes_written, report.bytes_total);
  }
  const auto fragments = newest_manifest(path_).manifest.fragments;
  ASSERT_EQ(fragments.size(), 1u);
  EXPECT_EQ(fragments[0].id, 2u) << "greater than every earlier id";
}

TEST_F(PlainSaveTest, ReportsTheBytesOnDisk) {
  const auto size = [&] {
    std::uint64_t bytes = 0;
    for (const auto& [name, content] : snapshot(path_)) bytes += content.size();
    return bytes;
  };
  const std::uint64_t before = size();
  const SaveReport report = save(1, kPlain);
  EXPECT_EQ(report.bytes_written, size() - before);
}

TEST_F(PlainSaveTest, ANewStoreIsNativeByDefault) {
  MemorySource source = small_model();
  store_.save(source);
  EXPECT_EQ(layout_of(newest_manifest(path_).manifest.fields), Layout::native);
}

TEST_F(PlainSaveTest, SaysWhichTiesAreWrittenTwice) {
  MemorySource source = plain_model();
  source.remarks = {"remark of the source"};
  const SaveReport report = store_.save(source, kPlain);
  EXPECT_THAT(report.notes, ElementsAre("remark of the source",
                                        HasSubstr("`embedding.weight` (as `conv.weight`)")));
  MemorySource many;
  many.add("w", "float32", {}, std::string(4, '\0'));
  for (const char* name : {"a", "b", "c", "d", "e"}) many.tie(name, 0);
  EXPECT_THAT(store_.save(many).notes, ElementsAre(HasSubstr("`c` (as `w`) and 2 more")));
}

TEST_F(PlainSaveTest, KeepsMessageMetadataAndTag) {
  save(1,
       {.message = "first", .metadata = {{"loss", "0.5"}}, .tag = "base", .layout = Layout::plain});
  const Metadata properties = newest_manifest(path_).transaction->properties;
  EXPECT_EQ(
      properties,
      (Metadata{{kMessageKey, "first"}, {"loss", "0.5"}, {kBytesKey, "96"}, {kSyncedKey, "1"}}));
  EXPECT_EQ(store_.tags(), (std::map<std::string, std::uint64_t>{{"base", 1}}));
  EXPECT_EQ(store_.versions().at(0).layout, Layout::plain);
  EXPECT_EQ(store_.versions().at(0).bytes_total, 96u);
}

TEST_F(PlainSaveTest, ANonDurableSaveDoesNotClaimToBeSynced) {
  save(1, {.layout = Layout::plain, .durable = false});
  EXPECT_FALSE(newest_manifest(path_).transaction->properties.contains(kSyncedKey));
}

TEST_F(PlainSaveTest, AModelWithoutTensorsIsAVersionWithoutRows) {
  MemorySource nothing;
  EXPECT_EQ(store_.save(nothing, kPlain).version, 1u);
  EXPECT_TRUE(plain_rows(path_).empty());
  EXPECT_EQ(store_.versions().at(0).layout, Layout::plain);
  EXPECT_EQ(save(1).version, 2u);
  EXPECT_EQ(plain_rows(path_), plain_model_rows(1));
}

TEST_F(PlainSaveTest, AnExistingTagIsRejected) {
  save(1, {.tag = "base", .layout = Layout::plain});
  const auto before = snapshot(path_);
  EXPECT_THAT([&] { save(1, {.tag = "base"}); }, fails_with(ErrorCode::already_exists, "`base`"));
  EXPECT_EQ(snapshot(path_), before);
}

TEST_F(PlainSaveTest, TheNativeLayoutIsRejected) {
  save(1, kPlain);
  expect_refused(plain_model(), kNative,
                 "the store has the plain layout, not the native layout that was asked for; "
                 "nothing was saved. Leave the layout unset, or save into a new store");
}

TEST_F(PlainSaveTest, OnANativeVersionItIsRejected) {
  save(1);
  expect_refused(plain_model(), kPlain,
                 "the store has the native layout, not the plain layout that was asked for");
}

TEST_F(PlainSaveTest, ANumberThatFloat64CannotRepresentIsRejected) {
  save(1, kPlain);
  MemorySource source = plain_model();
  source.add("steps", "int64", {}, numbers<std::int64_t>({9007199254740993}));
  expect_refused(source, {}, "tensor `steps`");
}

TEST_F(PlainSaveTest, AJsonRowIsRejected) {
  save(1, kPlain);
  MemorySource source = plain_model();
  source.add("lr", "json", {}, "0.1");
  expect_refused(source, {}, "`lr` is not a tensor");
}

TEST_F(PlainSaveTest, ADtypeThatOnlyThisLayoutRejectsMakesNoStore) {
  MemorySource source;
  source.add("z", "complex64", {}, std::string(8, '\0'));
  Store store = Store::create(folder_ / "new.lance");
  EXPECT_THAT([&] { store.save(source, kPlain); },
              fails_with(ErrorCode::invalid_argument, "tensor `z` has the dtype complex64"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "new.lance"));
  EXPECT_EQ(store.save(source).version, 1u);
}

TEST_F(PlainSaveTest, ProgressReachesTheEndAndMayStopTheSave) {
  std::uint64_t last = 0;
  save(1, {.layout = Layout::plain,
           .progress = [&](std::uint64_t done, std::uint64_t total, std::string_view) {
             EXPECT_GE(done, last);
             EXPECT_EQ(total, 96u);
             last = done;
           }});
  EXPECT_EQ(last, 96u);
  const auto before = snapshot(path_);
  const SaveOptions stopping{.progress = [](std::uint64_t done, std::uint64_t, std::string_view) {
    if (done > 40) throw std::runtime_error("stopped");
  }};
  EXPECT_THROW(save(2, stopping), std::runtime_error);
  EXPECT_EQ(snapshot(path_), before);
}

// Options with which the first progress report lets someone else save.
SaveOptions with_other_save(Store& other, float first, const SaveOptions& others, SaveOptions own) {
  own.progress = [&other, first, others, done = false](auto, auto, auto) mutable {
    if (std::exchange(done, true)) return;
    MemorySource source = plain_model(first);
    other.save(source, others);
  };
  return own;
}

TEST_F(PlainSaveTest, BuildsOnAVersionPublishedMeanwhile) {
  save(1, kPlain);
  Store other = Store::open(path_);
  const SaveReport report = save(3, with_other_save(other, 2, {}, {}));
  EXPECT_EQ(report.version, 3u);
  EXPECT_EQ(plain_rows(path_), plain_model_rows(3));
  EXPECT_EQ(data_files(), 3u) << "files that were written are not written again";
  EXPECT_EQ(newest_manifest(path_).manifest.fragments.at(0).id, 2u);
}

TEST_F(PlainSaveTest, UsesTheLayoutThatTheStoreGotMeanwhile) {
  Store other = Store::create(path_);
  EXPECT_EQ(save(3, with_other_save(other, 2, kPlain, {})).version, 2u);
  EXPECT_EQ(plain_rows(path_), plain_model_rows(3));
  EXPECT_EQ(data_files(), 2u) << "the files of the native attempt were removed";
}

TEST_F(PlainSaveTest, IsRejectedIfTheStoreGotAnotherLayoutMeanwhile) {
  Store other = Store::create(path_);
  EXPECT_THAT([&] { save(3, with_other_save(other, 2, {}, kPlain)); },
              fails_with(ErrorCode::invalid_argument, "the store has the native layout"));
  EXPECT_EQ(data_files(), 1u);
}

TEST_F(PlainSaveTest, APlainVersionHasNoRowsToShare) {
  save(1, kPlain);
  const SaveBase base = read_base(*io::open_local_storage(path_));
  EXPECT_EQ(base.layout, Layout::plain);
  EXPECT_TRUE(base.table.rows.empty());
  EXPECT_TRUE(base.notes.empty());
}

TEST_F(PlainSaveTest, ARestoredVersionKeepsFilesAndProperties) {
  save(1, kPlain);
  save(2);
  EXPECT_EQ(store_.restore(1), 3u);
  EXPECT_EQ(plain_rows(path_), plain_model_rows(1));
  EXPECT_EQ(data_files(), 2u);
  EXPECT_EQ(newest_manifest(path_).transaction->properties,
            (Metadata{{kMessageKey, "restore of version 1"},
                      {kRestoredFromKey, "1"},
                      {kBytesKey, "96"},
                      {kSyncedKey, "3"}}));
}

TEST(PlainFields, KeepMetadataOfColumnsOfTheSameType) {
  auto earlier = plain_fields({});
  earlier[0].metadata = {{"a", "b"}};
  earlier[0].id = 7;
  earlier[1].metadata = {{"lance-encoding:blob", "true"}};
  earlier[1].logical_type = "fixed_size_list:double:2";
  earlier[3].metadata = {{"c", "d"}};
  const auto fields = plain_fields(earlier);
  EXPECT_EQ(fields[0].id, 0);
  EXPECT_EQ(fields[0].metadata, (Metadata{{"a", "b"}}));
  EXPECT_TRUE(fields[1].metadata.empty());
  EXPECT_EQ(fields[3].metadata, (Metadata{{"c", "d"}}));
}

TEST(PlainFilePlan, HasAbout128MiBOfFloat64AFileTiesCountedTwice) {
  constexpr std::int64_t kQuarter = 4 << 20;  // values: 32 MiB as float64
  std::vector<TensorSpec> specs;
  for (int i = 0; i < 3; ++i) specs.push_back({"w", "float32", {kQuarter}, kQuarter * 4});
  specs.push_back({"tied", "float32", {kQuarter}, kQuarter * 4, 0});
  specs.push_back({"one more", "bool", {1}, 1});
  const auto plans = plan_plain_files(specs);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(plans[0].size(), 4u);
  EXPECT_EQ(plans[1].size(), 1u);
}

}  // namespace
}  // namespace lancekeep::store
