// SPDX-License-Identifier: Apache-2.0
// Indices, which pylance makes: gc removes those that no version lists, and stops at a list that it
// cannot read.
#include "lance/proto/wire.h"
#include "store/gc/gc_testing.h"

namespace lancekeep::store {
namespace {

const std::string kFolder = "_indices/" + kUuid;

std::string with_length(const std::string& message) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>(message.size() >> shift & 0xff);
  }
  return bytes + message;
}

// An IndexSection with one index, which has kUuid.
std::string index_list() {
  std::string bytes;
  for (std::size_t i = 0; i < kUuid.size(); i += 2) {
    if (kUuid[i] == '-') ++i;
    bytes += static_cast<char>(std::stoi(kUuid.substr(i, 2), nullptr, 16));
  }
  std::string uuid, index, list;
  protozero::pbf_writer(uuid).add_bytes(1, bytes);
  protozero::pbf_writer(index).add_message(1, uuid);
  protozero::pbf_writer(list).add_message(1, index);
  return list;
}

class GcOfIndices : public GcTest {
 protected:
  void SetUp() override { save(1); }
  // Writes version `number` by hand: the latest one's content, with a list of indices in front.
  void put_version_with(const std::string& list, std::uint64_t number) const {
    lance::ManifestFile file = manifest_of(versions().back());
    file.manifest.version = number;
    const std::string section = with_length(list);
    std::string content = lance::encode_manifest_file(file.manifest, *file.transaction);
    // A field that encode_manifest() never writes: its place is in front, before all positions.
    file.manifest.unknown += std::string("\x30", 1) + std::string(1, '\0');  // field 6: at 0
    file.manifest.transaction_section.reset();
    const std::string manifest = with_length(lance::encode_manifest(file.manifest));
    const std::string trailer = content.substr(content.size() - 16);
    std::string position;
    for (int shift = 0; shift < 64; shift += 8) {
      position += static_cast<char>(std::uint64_t{section.size()} >> shift & 0xff);
    }
    put(lance::manifest_path(number, lance::NamingScheme::v2),
        section + manifest + position + trailer.substr(8));
  }
};

TEST_F(GcOfIndices, KeepsThoseThatAVersionLists) {
  put_version_with(index_list(), 2);
  put(kFolder + "/page.lance", "1234");
  const std::uint64_t unreachable = store_.disk_usage().unreachable;
  EXPECT_EQ(unreachable, 0u);
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = kAnyAge}).orphans_kept, 0u);
  EXPECT_TRUE(is_there(kFolder + "/page.lance"));
}

TEST_F(GcOfIndices, RemovesThoseThatOnlyExpiredVersionsList) {
  put_version_with(index_list(), 2);
  put(kFolder + "/page.lance", "1234");
  put(kFolder + "/parts/1.lance", "1234");
  save(3);
  const GcReport report = collect({.keep_last = 1});
  EXPECT_THAT(report.versions_removed, testing::ElementsAre(1u, 2u));
  EXPECT_FALSE(is_there(kFolder));
}

TEST_F(GcOfIndices, RemovesThoseThatNoVersionListsOnceTheyAreOld) {
  put(kFolder + "/page.lance", "1234");
  EXPECT_EQ(store_.disk_usage().unreachable, 4u);
  EXPECT_EQ(collect({.keep_last = 1}).orphan_bytes_kept, 4u);
  EXPECT_TRUE(is_there(kFolder + "/page.lance"));
  EXPECT_EQ(collect({.keep_last = 1}, std::chrono::hours(8 * 24)).bytes_freed, 4u);
  EXPECT_FALSE(is_there(kFolder));
}

TEST_F(GcOfIndices, KeepsFilesWithOtherNames) {
  put("_indices/mine/page.lance", "1234");
  put("_indices/readme", "1234");
  EXPECT_EQ(collect({.keep_last = 1, .orphans_older_than = kAnyAge}).files_removed, 0u);
  EXPECT_TRUE(is_there("_indices/mine/page.lance"));
}

TEST_F(GcOfIndices, StopsAtAListThatCannotBeRead) {
  put_version_with(index_list().substr(1), 2);
  EXPECT_EQ(store_.at(2).tensors().size(), 4u);  // the rows can be read without it
  expect_refused(ErrorCode::corrupt, "the manifest's list of indices cannot be read");
}

TEST_F(GcOfIndices, ASaveSaysThatItDropsThem) {
  put_version_with(index_list(), 2);
  MemorySource source = changing_model(3);
  EXPECT_THAT(store_.save(source).notes,
              testing::ElementsAre(testing::StartsWith("the new version has no index: the index of "
                                                       "version 2 was not carried over")));
  EXPECT_TRUE(store_.save(source).notes.empty());
}

}  // namespace
}  // namespace lancekeep::store
