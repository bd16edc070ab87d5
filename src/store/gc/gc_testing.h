// SPDX-License-Identifier: Apache-2.0
// For the tests of gc: a store, clean-ups at any time, and manifests written by hand.
#pragma once

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/fault_storage.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/gc/collect.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace lancekeep::store {

inline const std::string kStem = "101000011000111000011111956c204177a2047a9f78d5a0cf";
inline const std::string kUuid = "1323e9e9-eaf3-4b17-9fcd-e12a0946f3ba";
inline const std::string kBlob = "10000000000000000000000000000000.blob";
/// An age limit that lets gc remove unreferenced files of any age.
inline constexpr std::chrono::nanoseconds kAnyAge{0};

/// A model that shares no tensor with one of another seed, so that versions share no file.
inline MemorySource changing_model(unsigned seed) {
  MemorySource source;
  source.add("conv.weight", "float32", {2, 3, 2}, floats(12, seed));
  source.add("bn.num_batches", "int64", {}, std::string(8, static_cast<char>(seed)));
  source.add("head.weight", "float32", {5, 5}, floats(25, seed + 1));
  source.tie("embedding.weight", 0);
  return source;
}

class GcTest : public testing::Test {
 protected:
  /// Saves changing_model(seed) as the next version of the store.
  std::uint64_t save(unsigned seed) {
    MemorySource source = changing_model(seed);
    return store_.save(source).version;
  }
  GcReport collect(const GcOptions& options, std::chrono::nanoseconds later = {}) const {
    return collect_garbage(*storage_, options, std::chrono::system_clock::now() + later);
  }
  std::vector<std::uint64_t> versions() const {
    std::vector<std::uint64_t> numbers;
    for (const VersionInfo& info : store_.versions()) numbers.push_back(info.number);
    return numbers;
  }
  std::map<std::string, std::string> files() const { return snapshot(path_); }
  bool is_there(const std::string& path) const {
    return std::filesystem::exists(std::filesystem::symlink_status(path_ / path));
  }
  void put(const std::string& path, const std::string& content = "content") const {
    folder_.write("m.lance/" + path, content);
  }
  void make_older(const std::string& path, std::chrono::hours age) const {
    const auto file = path_ / path;
    std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) - age);
  }
  void expect_model(std::uint64_t version, unsigned seed) const {
    const MemorySource source = changing_model(seed);
    const Version found = store_.at(version);
    ASSERT_EQ(found.tensors().size(), source.tensors().size());
    for (std::size_t i = 0; i < source.tensors().size(); ++i) {
      EXPECT_EQ(text_of(found.tensor(source.tensors()[i].name)), source.value(i));
    }
  }

  lance::ManifestFile manifest_of(std::uint64_t version) const {
    for (const auto& entry : lance::list_versions(*storage_).entries) {
      if (entry.version == version) return lance::read_manifest(*storage_, entry);
    }
    throw std::logic_error("no such version");
  }
  /// Writes version `number` by hand: a copy of the latest manifest, with a change.
  void put_version(std::uint64_t number,
                   const std::function<void(lance::Manifest&)>& change = {}) const {
    lance::ManifestFile file = manifest_of(versions().back());
    file.manifest.version = number;
    if (change) change(file.manifest);
    put(lance::manifest_path(number, lance::NamingScheme::v2),
        lance::encode_manifest_file(file.manifest, *file.transaction));
  }
  std::string data_file_of(std::uint64_t version) const {
    return lance::data_path(manifest_of(version).manifest.fragments.at(0).files.at(0));
  }
  /// Expects that gc fails with this error and message, and removes nothing.
  void expect_refused(ErrorCode code, const std::string& part,
                      const GcOptions& options = {.keep_last = 1,
                                                  .orphans_older_than = kAnyAge}) const {
    const auto before = files();
    EXPECT_THAT([&] { (void)collect(options); }, io::fails_with(code, "gc removes nothing: "));
    EXPECT_THAT([&] { (void)collect(options); }, io::fails_with(code, part));
    EXPECT_EQ(files(), before);
  }

  io::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "m.lance";
  Store store_ = Store::create(path_);
  std::unique_ptr<io::Storage> storage_ = io::create_local_storage(path_);
};

}  // namespace lancekeep::store
