// SPDX-License-Identifier: Apache-2.0
// Saving, versions and loading.
#include <lancekeep/store.h>

#include "io/testing/error_matcher.h"
#include "store/testing/version_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep {
namespace {

using io::fails_with;
using store::expect_equal;
using store::floats;
using store::small_model;
using store::TemporaryFolder;
using store::text_of;
using testing::ElementsAre;

TEST(Store, GivesBackWhatWasSaved) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  const SaveReport report = store.save(source);
  EXPECT_EQ(report.version, 1u);
  EXPECT_EQ(report.tensors_written, 5u);
  EXPECT_EQ(report.bytes_total, 12u * 4 + 8 + 25 * 4);
  expect_equal(store.at(), source);
  expect_equal(Store::open(folder / "m.lance").at(1), source);
}

TEST(Store, IsNotMadeByARejectedSave) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource model = small_model();
  MemorySource long_name;
  long_name.add(std::string(20'000, 'x'), "uint8", {0}, "");
  EXPECT_THAT([&] { store.save(long_name); },
              fails_with(ErrorCode::invalid_argument, "the limit is 16384"));
  EXPECT_THAT([&] { store.save(model, {.metadata = {{"lancekeep.a", "1"}}}); },
              fails_with(ErrorCode::invalid_argument, "is reserved"));
  EXPECT_THAT([&] { store.save(model, {.tag = "latest"}); },
              fails_with(ErrorCode::invalid_argument, "latest"));
  EXPECT_FALSE(std::filesystem::exists(folder / "m.lance"));
  store.save(model, {.message = "first", .metadata = {{"epoch", "1"}}, .tag = "best"});
  expect_equal(store.at("best"), model);
}

TEST(Store, ReportsTheBytesItPutOnDisk) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  const SaveReport report = store.save(source);
  std::uint64_t on_disk = 0;
  for (const auto& [name, content] : store::snapshot(folder / "m.lance")) on_disk += content.size();
  EXPECT_EQ(report.bytes_written, on_disk);
  EXPECT_EQ(store.versions().front().bytes_added, on_disk);
}

TEST(Store, KeepsEveryVersion) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource first = small_model(1), second = small_model(2);
  second.add("new", "uint8", {3}, "abc");
  store.save(first);
  const Version before = store.at();
  store.save(second);
  expect_equal(store.at(1), first);
  expect_equal(store.at(2), second);
  expect_equal(before, first);  // opened before the second save
}

TEST(Store, KeepsMessageMetadataAndTag) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  store.save(source, {.message = "epoch 1", .metadata = {{"loss", "0.5"}}, .tag = "best"});
  store.save(source);
  const auto versions = store.versions();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].message, "epoch 1");
  EXPECT_EQ(versions[0].metadata, (Metadata{{"loss", "0.5"}}));
  EXPECT_THAT(versions[0].tags, ElementsAre("best"));
  EXPECT_EQ(versions[0].tensors, 5u);
  EXPECT_EQ(versions[0].bytes_total, 156u);
  EXPECT_EQ(versions[1].message, "");
  EXPECT_TRUE(versions[1].metadata.empty());
  EXPECT_GE(versions[1].time, versions[0].time);
  EXPECT_EQ(store.at(Ref::parse("best")).number(), 1u);
  EXPECT_EQ(store.at(Ref::parse("best")).info().message, "epoch 1");
}

TEST(Store, MapsValuesAtMultiplesOf256) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  store.save(source);
  for (const Access access : {Access::read, Access::copy_on_write}) {
    for (const char* name : {"conv.weight", "bn.num_batches", "head.weight"}) {
      const TensorView view = store.at().tensor(name, access);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.bytes().data()) % 256, 0u) << name;
      EXPECT_EQ(store.at().locate(name).offset % 256, 0u) << name;
    }
  }
}

TEST(Store, WritesToCopyOnWriteBytesStayPrivate) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  store.save(source);
  const TensorView view = store.at().tensor("head.weight", Access::copy_on_write);
  const_cast<std::byte*>(view.bytes().data())[0] = std::byte{0xff};
  EXPECT_EQ(static_cast<unsigned char>(text_of(view)[0]), 0xff);
  expect_equal(store.at(), source);
}

TEST(Store, WhatIsWrittenToOneTensorIsSeenInTiedOnesOnly) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source;
  source.add("a", "float32", {4}, floats(4, 1));
  source.add("equal", "float32", {4}, floats(4, 1));
  source.add("tied", "float32", {4}, floats(4, 1), 0);
  source.add("tied to equal", "float32", {4}, floats(4, 1), 1);
  store.save(source);
  const Version version = store.at();
  ASSERT_EQ(version.locate("equal").offset, version.locate("a").offset);
  const TensorView view = version.tensor("a", Access::copy_on_write);
  const_cast<std::byte*>(view.bytes().data())[0] = std::byte{0xff};
  EXPECT_EQ(text_of(version.tensor("tied", Access::copy_on_write)), text_of(view));
  EXPECT_EQ(text_of(version.tensor("equal", Access::copy_on_write)), source.value(1));
  EXPECT_EQ(text_of(version.tensor("tied to equal", Access::copy_on_write)), source.value(1));
}

TEST(Store, ViewsOutliveStoreAndVersion) {
  const TemporaryFolder folder;
  std::optional<TensorView> view;
  MemorySource source = small_model();
  {
    Store store = Store::create(folder / "m.lance");
    store.save(source);
    view = store.at().tensor("head.weight");
  }
  std::filesystem::remove_all(folder / "m.lance");
  EXPECT_EQ(text_of(*view), source.value(3));
}

TEST(Store, StoresTiedTensorsOnce) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  store.save(source);
  const Version version = store.at();
  EXPECT_EQ(version.find("embedding.weight").tied_to, "conv.weight");
  EXPECT_EQ(version.find("conv.weight").tied_to, std::nullopt);
  EXPECT_EQ(version.locate("embedding.weight").offset, version.locate("conv.weight").offset);
  EXPECT_EQ(version.info().bytes_total, 156u);
}

TEST(Store, HashesAsXxh128sumPrintsThem) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source;
  source.add("t", "uint8", {3}, "abc");  // printf abc | xxh128sum
  store.save(source);
  EXPECT_EQ(store.at().find("t").hash, "06b05ab6733a618578af5f94892f3950");
}

TEST(Store, SavesAVersionAgain) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "a.lance"), other = Store::create(folder / "b.lance");
  MemorySource source = small_model();
  store.save(source);
  const auto copy = store.at().source();
  other.save(*copy);
  expect_equal(other.at(), source);
  EXPECT_EQ(other.at().find("embedding.weight").tied_to, "conv.weight");
}

TEST(Store, CarriesUnknownDtypesAndJson) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source;
  source.add("future", "float3_e1m1", {7}, "1234567");
  source.add("step", "json", {}, "17");
  store.save(source);
  expect_equal(store.at(), source);
  EXPECT_FALSE(store.at().find("step").is_tensor());
}

TEST(Store, SavesAModelWithoutTensors) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source;
  store.save(source);
  EXPECT_TRUE(store.at().tensors().empty());
}

TEST(Store, KeepsThousandsOfTensorsInOrder) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source;
  for (unsigned i = 0; i < 5000; ++i) {
    source.add("layer." + std::to_string(i) + std::string(i % 90, 'x'), "float32", {i % 3, 2},
               floats(i % 3 * 2, i));
  }
  store.save(source);
  expect_equal(store.at(), source);
}

TEST(Store, AnExceptionFromProgressStopsTheSave) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  store.save(source);
  const auto before = store::snapshot(folder / "m.lance");
  SaveOptions options{.progress = [](std::uint64_t, std::uint64_t, std::string_view) {
    throw std::runtime_error("enough");
  }};
  EXPECT_THROW(store.save(source, options), std::runtime_error);
  EXPECT_EQ(store::snapshot(folder / "m.lance"), before);
}

TEST(Store, TagsAreMovedOnlyByForce) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  store.save(source);
  store.save(source);
  EXPECT_EQ(store.tag("best", 1), 1u);
  EXPECT_THAT(([&] { store.tag("best"); }), fails_with(ErrorCode::already_exists, "best"));
  EXPECT_EQ(store.tag("best", {}, true), 2u);
  EXPECT_EQ(store.tags(), (std::map<std::string, std::uint64_t>{{"best", 2}}));
  store.untag("best");
  EXPECT_TRUE(store.tags().empty());
  EXPECT_THAT(([&] { store.untag("best"); }), fails_with(ErrorCode::not_found, ""));
}

TEST(Store, AnExistingTagStopsTheSaveBeforeItWrites) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  MemorySource source = small_model();
  store.save(source, {.tag = "best"});
  const auto before = store::snapshot(folder / "m.lance");
  EXPECT_THAT(([&] { store.save(source, {.tag = "best"}); }),
              fails_with(ErrorCode::already_exists, "nothing was saved"));
  EXPECT_EQ(store::snapshot(folder / "m.lance"), before);
}

TEST(Store, SaysWhichVersionsExist) {
  const TemporaryFolder folder;
  Store store = Store::create(folder / "m.lance");
  EXPECT_THAT(([&] { (void)store.at(); }), fails_with(ErrorCode::not_found, "no version yet"));
  MemorySource source = small_model();
  for (int i = 0; i < 3; ++i) store.save(source);
  EXPECT_THAT(([&] { (void)store.at(7); }),
              fails_with(ErrorCode::not_found, "version 7 does not exist; existing versions: 1–3"));
  EXPECT_THAT(([&] { (void)store.at(Ref::parse("best")); }),
              fails_with(ErrorCode::not_found, "best"));
  std::filesystem::remove(folder / "m.lance/_versions/18446744073709551614.manifest");
  EXPECT_THAT(([&] { (void)store.at(1); }),
              fails_with(ErrorCode::not_found, "version 1 was removed; existing versions: 2–3"));
}

TEST(Store, RejectsAUrl) {
  for (auto open : {Store::open, Store::create}) {
    EXPECT_THAT(([&] { (void)open("s3://bucket/m.lance"); }),
                fails_with(ErrorCode::unsupported, "this is a URL"));
  }
  EXPECT_FALSE(std::filesystem::exists("s3:"));
}

TEST(Store, RejectsWhatIsNotAStore) {
  const TemporaryFolder folder;
  EXPECT_THAT(([&] { (void)Store::open(folder / "nothing"); }),
              fails_with(ErrorCode::not_found, ""));
  std::filesystem::create_directory(folder / "photos");
  std::ofstream(folder / "photos/cat.jpg") << "meow";
  for (auto open : {Store::open, Store::create}) {
    EXPECT_THAT(([&] { (void)open(folder / "photos"); }),
                fails_with(ErrorCode::invalid_argument, "not a Lance dataset"));
  }
  EXPECT_THAT(([&] { (void)Store::open(folder / "photos/cat.jpg"); }),
              fails_with(ErrorCode::invalid_argument, "cat.jpg"));
}

TEST(Store, AVersionIsGivenByAnyInteger) {
  const TemporaryFolder folder;
  MemorySource source = small_model();
  Store store = Store::create(folder / "m.lance");
  store.save(source);
  EXPECT_EQ(store.at(1).number(), 1u);
  EXPECT_EQ(store.at(std::size_t{1}).number(), 1u);
  EXPECT_EQ(store.at(Ref::version(1)).number(), 1u);
  EXPECT_EQ(store.at(Ref::latest()).number(), 1u);
  EXPECT_THAT(([&] { (void)store.at(0); }),
              fails_with(ErrorCode::not_found, "version 0 does not exist"));
  EXPECT_THAT(
      ([&] { (void)store.at(-1); }),
      fails_with(ErrorCode::invalid_argument, "expected a version number of 0 or more, got -1"));
}

TEST(Ref, ATagMayLookLikeANumber) {
  EXPECT_EQ(*Ref::tag("12").tag(), "12");
  EXPECT_EQ(Ref::tag("latest").is_latest(), false);
  EXPECT_THAT(([] { (void)Ref::tag(""); }), fails_with(ErrorCode::invalid_argument, "empty"));
}

TEST(Ref, NegativeNumbersOfEveryTypeAreRejected) {
  EXPECT_THAT(([] { (void)Ref(std::int8_t{-2}); }),
              fails_with(ErrorCode::invalid_argument, "got -2"));
  EXPECT_THAT(([] { (void)Ref(INT64_MIN); }),
              fails_with(ErrorCode::invalid_argument, "got -9223372036854775808"));
  EXPECT_EQ(*Ref(UINT64_MAX).number(), UINT64_MAX);
}

TEST(Layout, HasAName) {
  EXPECT_STREQ(to_string(Layout::native), "native");
  EXPECT_STREQ(to_string(Layout::plain), "plain");
}

TEST(Ref, ReadsNumbersTagsAndLatest) {
  EXPECT_TRUE(Ref::parse("latest").is_latest());
  EXPECT_EQ(*Ref::parse("12").number(), 12u);
  EXPECT_EQ(*Ref::parse("v1.0").tag(), "v1.0");
  EXPECT_THAT(([] { (void)Ref::parse("99999999999999999999"); }),
              fails_with(ErrorCode::invalid_argument, "64 bits"));
  EXPECT_THAT(([] { (void)Ref::parse(""); }), fails_with(ErrorCode::invalid_argument, "empty"));
}

}  // namespace
}  // namespace lancekeep
