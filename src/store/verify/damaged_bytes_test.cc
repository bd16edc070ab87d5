// SPDX-License-Identifier: Apache-2.0
// Damages the bytes of every file of a small store in turn: either verify finds the damage, or the
// damage changes nothing that a reader can see. One byte in five, which takes a minute under the
// sanitizers; with LANCEKEEP_EVERY_BYTE=1 every byte, as `make trust` does.
#include "store/verify/verify_testing.h"

#include <cstdlib>
#include <iostream>

namespace lancekeep::store {
namespace {

// 5 shares no factor with 8: over the bytes that are tried, each bit of a byte is flipped as often.
std::size_t byte_step() { return std::getenv("LANCEKEEP_EVERY_BYTE") == nullptr ? 5 : 1; }

// What a reader can see of a store.
struct Observed {
  std::map<std::uint64_t, std::string> tensors;  // infos and values of each version, as one text
  std::map<std::string, std::uint64_t> tags;
  std::string described;  // time, message and metadata of the versions, which only people read
};

void append(std::string& text, const std::string& part) {
  text += std::to_string(part.size()) + ":" + part;
}

std::string text_of_version(const Version& version) {
  std::string text;
  for (const TensorInfo& info : version.tensors()) {
    for (const std::string& part :
         {info.name, info.dtype, info.hash, info.tied_to.value_or("-"), info.damage}) {
      append(text, part);
    }
    for (const std::int64_t dim : info.shape) append(text, std::to_string(dim));
    append(text, text_of(version.tensor(info.name)));
  }
  return text;
}

Observed observe(const std::filesystem::path& path) {
  const Store store = Store::open(path);
  Observed observed;
  for (const VersionInfo& info : store.versions()) {
    observed.tensors[info.number] = text_of_version(store.at(info.number));
    observed.described += info.message + info.damage +
                          std::to_string(info.time.time_since_epoch().count()) +
                          std::to_string(info.bytes_total) + std::to_string(info.bytes_added);
    for (const auto& [key, value] : info.metadata) observed.described += key + value;
  }
  observed.tags = store.tags();
  return observed;
}

class DamagedBytes : public VerifyTest {
 protected:
  // Two saves, a tag, and a version with one deleted row.
  DamagedBytes() {
    MemorySource first, second;
    first.add("w", "float32", {2, 3}, floats(6, 1)).add("n", "int64", {}, std::string(8, '\7'));
    first.tie("v", 0);
    store_.save(first, {.message = "one", .metadata = {{"loss", "0.5"}}});
    second.add("w", "float32", {2, 3}, floats(6, 2)).add("note", "json", {}, "17");
    second.add("empty", "uint8", {0}, "");
    store_.save(second);
    store_.tag("best", 2);
    auto fragments = manifest_of(1).manifest.fragments;
    fragments.front().deletion = delete_rows(2, {1});
    publish(fragments);
    sound_ = observe(path_);
  }

  // Tries one change to one file, and restores the file afterwards.
  void try_change(const std::string& name, const std::string& intact, const std::string& changed,
                  const std::string& change) {
    write(name, changed);
    try {
      if (!Store::open(path_).verify_all().ok()) {
        ++found_;
      } else if (const Observed now = observe(path_);
                 now.tensors != sound_.tensors || now.tags != sound_.tags) {
        ADD_FAILURE() << name << ", " << change
                      << ": verify does not find it, but readers see a difference";
        ++wrong_;
      } else {
        ++(now.described == sound_.described ? harmless_ : descriptive_);
      }
    } catch (const std::exception& error) {
      ADD_FAILURE() << name << ", " << change << ": " << error.what();
      ++wrong_;
    }
    write(name, intact);
  }

  void flip_all(const std::string& folder, const std::vector<int>& bits) {
    for (const auto& [name, content] : snapshot(path_)) {
      if (!name.starts_with(folder)) continue;
      for (std::size_t at = 0; at < content.size(); at += byte_step()) {
        for (const int bit : bits) {
          std::string changed = content;
          changed[at] = static_cast<char>(changed[at] ^ (1 << (bit < 0 ? at % 8 : bit)));
          try_change(name, content, changed, "a bit of byte " + std::to_string(at));
        }
      }
    }
    report(folder, "bits flipped");
  }

  void cut_all(const std::string& folder) {
    for (const auto& [name, content] : snapshot(path_)) {
      if (!name.starts_with(folder)) continue;
      for (std::size_t length = 0; length < content.size(); length += byte_step()) {
        try_change(name, content, content.substr(0, length), "cut at " + std::to_string(length));
      }
    }
    EXPECT_EQ(harmless_ + descriptive_, 0u);
    report(folder, "lengths");
  }

  void report(const std::string& folder, const std::string& what) {
    const std::size_t tried = found_ + harmless_ + descriptive_ + wrong_;
    EXPECT_GT(found_, 0u);
    EXPECT_EQ(observe(path_).tensors, sound_.tensors);
    RecordProperty("found", std::to_string(found_));
    RecordProperty("harmless", std::to_string(harmless_));
    RecordProperty("descriptive", std::to_string(descriptive_));
    RecordProperty("wrong", std::to_string(wrong_));
    std::cout << folder << ": " << tried << " " << what << ": " << found_ << " found, " << harmless_
              << " without effect, " << descriptive_ << " in descriptions only, " << wrong_
              << " wrong\n";
  }

  Observed sound_;
  std::size_t found_ = 0;
  std::size_t harmless_ = 0;
  std::size_t descriptive_ = 0;
  std::size_t wrong_ = 0;
};

const std::vector<int> kOneBit = {-1};  // a different bit in each byte
const std::vector<int> kAllBits = {0, 1, 2, 3, 4, 5, 6, 7};

TEST_F(DamagedBytes, TheStoreIsIntactAtFirst) {
  const VerifyReport report = store_.verify_all();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.versions, 3u);
  EXPECT_TRUE(report.notes.empty());
}

TEST_F(DamagedBytes, BitsOfDataFiles) { flip_all("data/", kOneBit); }
TEST_F(DamagedBytes, BitsOfManifests) { flip_all("_versions/", kOneBit); }
TEST_F(DamagedBytes, BitsOfTransactions) { flip_all("_transactions/", kOneBit); }
TEST_F(DamagedBytes, BitsOfDeletionFiles) { flip_all("_deletions/", kAllBits); }
TEST_F(DamagedBytes, BitsOfTags) { flip_all("_refs/", kAllBits); }

TEST_F(DamagedBytes, DataFilesCutShort) { cut_all("data/"); }
TEST_F(DamagedBytes, ManifestsAndTheirLikeCutShort) { cut_all("_"); }

TEST_F(DamagedBytes, FilesWithBytesAppended) {
  for (const auto& [name, content] : snapshot(path_)) {
    for (const std::string& garbage :
         {std::string(1, '\0'), std::string("garbage"), std::string(4096, '\xff'), content}) {
      try_change(name, content, content + garbage, "with bytes appended");
    }
  }
  report("all files", "appendices");
}

}  // namespace
}  // namespace lancekeep::store
