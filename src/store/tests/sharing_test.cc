// SPDX-License-Identifier: Apache-2.0
// A save writes what changed and shares the rest.
#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/testing/version_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace lancekeep::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class Sharing : public testing::Test {
 protected:
  Sharing() : store_(Store::create(path_)) {}

  SaveReport save(MemorySource source) {
    const SaveReport report = store_.save(source);
    expect_equal(Store::open(path_).at(report.version), source);
    return report;
  }
  [[nodiscard]] std::size_t files(const char* folder) const {
    const auto storage = io::open_local_storage(path_);
    return storage->list(folder).size();
  }
  [[nodiscard]] lance::Manifest manifest() const {
    const auto storage = io::open_local_storage(path_);
    return lance::read_manifest(*storage, lance::list_versions(*storage).entries.back()).manifest;
  }
  [[nodiscard]] std::string place(const char* name) const {
    const Location location = store_.at().locate(name);
    return location.path.filename().string() + "@" + std::to_string(location.offset);
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_ = folder_ / "m.lance";
  Store store_;
};

// `count` tensors of `size` floats; those in `changed` have other values than if they are not in
// it.
MemorySource model(std::size_t count, std::size_t size,
                   const std::vector<std::size_t>& changed = {}) {
  MemorySource source;
  for (std::size_t i = 0; i < count; ++i) {
    const bool other = std::ranges::count(changed, i) > 0;
    source.add("layer." + std::to_string(i), "float32", {static_cast<std::int64_t>(size)},
               floats(size, static_cast<unsigned>(i * 100 + (other ? 50 : 0))));
  }
  return source;
}

TEST_F(Sharing, WhatDidNotChangeIsNotWrittenAgain) {
  save(model(10, 1000));
  const SaveReport report = save(model(10, 1000, {3}));
  EXPECT_EQ(report.tensors_written, 1u);
  EXPECT_EQ(report.tensors_kept, 9u);
  EXPECT_EQ(report.bytes_shared, 9u * 4000);
  EXPECT_EQ(report.bytes_total, 10u * 4000);
  EXPECT_LT(report.bytes_written, 4000u + 16384);
  EXPECT_EQ(files("data"), 2u);
  EXPECT_EQ(files("_deletions"), 1u);
}

TEST_F(Sharing, NothingChangedCostsAManifestAndATransaction) {
  save(model(10, 1000));
  const SaveReport report = save(model(10, 1000));
  EXPECT_EQ(report.tensors_written, 0u);
  EXPECT_EQ(report.bytes_shared, report.bytes_total);
  EXPECT_LT(report.bytes_written, 4096u);
  EXPECT_EQ(files("data"), 1u);
  EXPECT_EQ(files("_deletions"), 0u);
}

TEST_F(Sharing, TheReportMatchesTheDisk) {
  save(model(10, 1000));
  const auto bytes = [&] {
    std::uint64_t sum = 0;
    for (const auto& [name, content] : snapshot(path_)) sum += content.size();
    return sum;
  };
  const std::uint64_t before = bytes();
  const SaveReport report = save(model(10, 1000, {3}));
  EXPECT_EQ(report.bytes_written, bytes() - before);
  EXPECT_EQ(store_.versions().back().bytes_added, report.bytes_written);
  EXPECT_EQ(store_.at().info().bytes_added, report.bytes_written);
}

TEST_F(Sharing, AFragmentWithoutLiveRowsIsDropped) {
  save(model(3, 10));
  save(model(3, 10, {0, 1, 2}));
  EXPECT_EQ(manifest().fragments.size(), 1u);
  EXPECT_EQ(files("_deletions"), 0u);
}

TEST_F(Sharing, DeletionsAddUp) {
  save(model(5, 10));
  save(model(5, 10, {1}));
  save(model(5, 10, {1, 3}));
  const auto storage = io::open_local_storage(path_);
  EXPECT_THAT(lance::read_deletions(*storage, manifest().fragments.front()),
              testing::ElementsAre(1, 3));
}

TEST_F(Sharing, ARemovedTensorIsNotInTheNextVersion) {
  save(model(5, 10));
  MemorySource fewer;
  fewer.add("layer.2", "float32", {10}, floats(10, 200));
  const SaveReport report = save(fewer);
  EXPECT_EQ(report.tensors_kept, 1u);
  EXPECT_EQ(manifest().fragments.front().deletion->num_deleted_rows, 4u);
}

TEST_F(Sharing, OtherDtypeOrShapeIsAnotherTensor) {
  MemorySource source;
  source.add("a", "float32", {2}, floats(2, 1)).add("b", "float32", {2, 1}, floats(2, 2));
  save(source);
  MemorySource other;
  other.add("a", "int32", {2}, floats(2, 1)).add("b", "float32", {1, 2}, floats(2, 2));
  EXPECT_EQ(save(other).tensors_written, 2u);
}

TEST_F(Sharing, BytesCountNotNumbers) {
  MemorySource zero, minus_zero;
  zero.add("a", "float32", {1}, std::string(4, '\0'));
  minus_zero.add("a", "float32", {1}, std::string("\0\0\0\x80", 4));
  save(zero);
  EXPECT_EQ(save(minus_zero).tensors_written, 1u);
  EXPECT_EQ(save(minus_zero).tensors_written, 0u);
}

TEST_F(Sharing, ADifferenceInTheLastByteIsOne) {
  std::string bytes(3 << 20, 'x');
  MemorySource before, after;
  before.add("a", "uint8", {3 << 20}, bytes);
  bytes.back() = 'y';
  after.add("a", "uint8", {3 << 20}, bytes);
  save(before);
  EXPECT_EQ(save(after).tensors_written, 1u);
}

TEST_F(Sharing, ARenamedTensorKeepsItsBytes) {
  save(model(5, 1000));
  MemorySource renamed;
  for (std::size_t i = 0; i < 5; ++i) {
    renamed.add("module.layer." + std::to_string(i), "float32", {1000},
                floats(1000, static_cast<unsigned>(i * 100)));
  }
  const SaveReport report = save(renamed);
  EXPECT_EQ(report.tensors_written, 0u);
  EXPECT_LT(report.bytes_written, 8192u);
  EXPECT_EQ(manifest().fragments.front().files.size(), 2u) << "values and labels";
  EXPECT_EQ(save(model(5, 1000)).tensors_written, 0u) << "and back, with labels a second time";
  EXPECT_EQ(manifest().fragments.front().files.size(), 2u);
}

TEST_F(Sharing, TensorsThatChangedPlacesKeepTheirBytes) {
  MemorySource before, after;
  before.add("a", "float32", {1000}, floats(1000, 1)).add("b", "float32", {1000}, floats(1000, 2));
  after.add("a", "float32", {1000}, floats(1000, 2)).add("b", "float32", {1000}, floats(1000, 1));
  save(before);
  EXPECT_EQ(save(after).tensors_written, 0u);
}

TEST_F(Sharing, ANewOrderWritesNoValue) {
  save(model(5, 1000));
  MemorySource reversed;
  for (unsigned i = 5; i-- > 0;) {
    reversed.add("layer." + std::to_string(i), "float32", {1000}, floats(1000, i * 100));
  }
  EXPECT_EQ(save(reversed).tensors_written, 0u);
}

TEST_F(Sharing, InsertionsKeepTheOrder) {
  std::vector<std::string> names = {"0", "1"};
  const auto source_of = [&] {
    MemorySource source;
    for (const std::string& name : names) {
      source.add(name, "uint8", {static_cast<std::int64_t>(name.size())}, name);
    }
    return source;
  };
  save(source_of());
  // Always into the same gap, until it is used up and all are numbered again.
  for (int i = 2; i < 30; ++i) {
    names.insert(names.begin() + 1, std::to_string(i));
    EXPECT_EQ(save(source_of()).tensors_kept, names.size() - 1) << i;
  }
}

TEST_F(Sharing, TiedTensorsStayTied) {
  save(small_model(1));
  MemorySource changed = small_model(1);
  changed.add("new", "uint8", {1}, "x");
  const SaveReport report = save(changed);
  EXPECT_EQ(report.tensors_written, 1u);
  EXPECT_EQ(place("embedding.weight"), place("conv.weight"));
}

TEST_F(Sharing, ANewTieIsStoredOnce) {
  MemorySource before, after;
  before.add("a", "float32", {100}, floats(100, 1));
  after.add("a", "float32", {100}, floats(100, 1)).tie("b", 0);
  save(before);
  const SaveReport report = save(after);
  EXPECT_EQ(report.tensors_written, 2u);
  EXPECT_EQ(place("a"), place("b"));
}

TEST_F(Sharing, ATieWithOneMemberLeftKeepsItsBytes) {
  MemorySource before, after;
  before.add("a", "float32", {100}, floats(100, 1)).tie("b", 0);
  after.add("b", "float32", {100}, floats(100, 1));
  save(before);
  EXPECT_EQ(save(after).tensors_written, 0u);
}

TEST_F(Sharing, AReversedTieKeepsItsBytes) {
  MemorySource before, after;
  before.add("a", "float32", {100}, floats(100, 1)).tie("b", 0);
  after.add("b", "float32", {100}, floats(100, 1)).tie("a", 0);
  save(before);
  EXPECT_EQ(save(after).tensors_written, 0u);
}

TEST_F(Sharing, ATieThatEndsIsWritten) {
  MemorySource before, after;
  before.add("a", "float32", {100}, floats(100, 1)).tie("b", 0);
  after.add("a", "float32", {100}, floats(100, 1)).add("b", "float32", {100}, floats(100, 2));
  save(before);
  const SaveReport report = save(after);
  EXPECT_EQ(report.tensors_written, 1u);
}

TEST_F(Sharing, EqualTensorsOfOneSaveShareTheirBytes) {
  MemorySource source;
  source.add("a", "float32", {1000}, floats(1000, 1)).add("b", "float32", {1000}, floats(1000, 2));
  source.add("ema.a", "float32", {1000}, floats(1000, 1)).tie("tied", 2);
  const SaveReport report = save(source);
  EXPECT_EQ(place("ema.a"), place("a"));
  EXPECT_EQ(place("tied"), place("a"));
  EXPECT_EQ(report.bytes_total, 12000u);
  EXPECT_LT(report.bytes_written, 8000u + 8192);
  MemorySource changed;
  changed.add("a", "float32", {1000}, floats(1000, 3)).add("b", "float32", {1000}, floats(1000, 2));
  changed.add("ema.a", "float32", {1000}, floats(1000, 1)).tie("tied", 2);
  EXPECT_EQ(save(changed).tensors_written, 1u);
}

TEST_F(Sharing, AFlippedBitInTheOldVersionIsNotShared) {
  save(model(5, 1000));
  const Location location = store_.at().locate("layer.2");
  {
    std::fstream file(location.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(location.offset + 7));
    file.put('\x55');
  }
  EXPECT_EQ(save(model(5, 1000)).tensors_written, 1u);
}

TEST_F(Sharing, ADamagedTableSharesNothingAndSaysSo) {
  save(model(5, 1000));
  std::filesystem::resize_file(store_.at().locate("layer.2").path, 100);
  const SaveReport report = save(model(5, 1000));
  EXPECT_EQ(report.tensors_written, 5u);
  EXPECT_THAT(report.notes, Contains(HasSubstr("nothing is shared with version 1: its rows")));
}

TEST_F(Sharing, ATornNewestManifestIsSkipped) {
  save(model(5, 1000));
  save(model(5, 1000, {1}));
  std::filesystem::resize_file(path_ / lance::manifest_path(2, lance::NamingScheme::v2), 30);
  const Version latest = Store::open(path_).at();
  EXPECT_EQ(latest.number(), 1u);
  EXPECT_THAT(latest.info().warning, HasSubstr("version 2 skipped: its manifest is empty, cut"));
  const SaveReport report = save(model(5, 1000, {1}));
  EXPECT_EQ(report.version, 3u) << "someone may know the torn version's number";
  EXPECT_EQ(report.tensors_written, 1u);
  EXPECT_THAT(report.notes, Contains(HasSubstr("the newest intact version is 1")));
  EXPECT_THAT(Store::open(path_).at().info().warning, IsEmpty());
}

TEST_F(Sharing, HundredsOfSavesKeepTheFragmentsFew) {
  MemorySource source = model(300, 64);
  store_.save(source);
  std::vector<unsigned> seeds(300, 0);
  for (unsigned round = 0; round < 200; ++round) {
    seeds[round % 300] = 1000 + round;
    MemorySource next;
    for (unsigned i = 0; i < 300; ++i) {
      next.add("layer." + std::to_string(i), "float32", {64},
               floats(64, seeds[i] > 0 ? seeds[i] : i * 100));
    }
    const SaveReport report = store_.save(next, {.durable = false});
    EXPECT_LE(report.bytes_written, 64u * 1024 + 32 * 1024);
    if (round % 97 == 0) expect_equal(store_.at(), next);
  }
  EXPECT_LE(manifest().fragments.size(), 33u);
  const auto storage = io::open_local_storage(path_);
  EXPECT_LT(storage->size(lance::list_versions(*storage).entries.back().path), 32768u);
}

// Makes random changes; each version must be what was saved.
TEST_F(Sharing, AnyChangeGivesWhatWasSaved) {
  std::mt19937 random(7);
  for (int round = 0; round < 150; ++round) {
    MemorySource source;
    std::vector<unsigned> order(12);
    for (unsigned i = 0; i < 12; ++i) order[i] = i;
    if (random() % 3 == 0) std::ranges::shuffle(order, random);
    for (const unsigned i : order) {
      if (random() % 8 == 0) continue;
      const std::string name =
          random() % 10 == 0 ? "renamed." + std::to_string(i) : std::to_string(i);
      const std::size_t size = i % 4 == 0 ? 0 : 20 + i % 2;
      const std::size_t count = source.tensors().size();
      const std::size_t target = count == 0 ? 0 : random() % count;
      if (count > 0 && random() % 6 == 0 && !source.tensors()[target].tied_to) {
        source.tie(name, target);
      } else {
        source.add(name, "float32", {static_cast<std::int64_t>(size)}, floats(size, random() % 3));
      }
    }
    save(source);
  }
}

}  // namespace
}  // namespace lancekeep::store
