// SPDX-License-Identifier: Apache-2.0
// Damaged data files and deletion files: each is found and hides no other damage.
#include "io/descriptor.h"
#include "io/testing/fault_storage.h"
#include "store/read/store_folder.h"
#include "store/verify/verify_testing.h"

#include <fcntl.h>

namespace lancekeep::store {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class CheckFragment : public VerifyTest {
 protected:
  CheckFragment() {
    MemorySource first, second;
    first.add("a", "float32", {6}, floats(6, 1)).add("b", "float32", {4}, floats(4, 1));
    second.add("c", "float32", {6}, floats(6, 2)).add("d", "float32", {4}, floats(4, 2));
    save(first);
    save(second);
    // Version 3 refers to the files of versions 1 and 2.
    both_ = {manifest_of(1).manifest.fragments.front(), manifest_of(2).manifest.fragments.front()};
    publish(both_);
  }
  [[nodiscard]] auto findings() const { return store_.verify(3).findings; }

  std::vector<lance::Fragment> both_;
};

TEST_F(CheckFragment, PassesIntactOnes) {
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_TRUE(store_.verify_all().ok());
}

TEST_F(CheckFragment, FindsAMissingFile) {
  const std::string file = data_file(3);
  std::filesystem::remove(path_ / file);
  EXPECT_EQ(store_.verify(3).count(FindingKind::damaged), 1u);
  EXPECT_THAT(findings(), ElementsAre(finding(3, "", file, "No such file")));
}

TEST_F(CheckFragment, FindsAFileThatIsCutShort) {
  const std::string file = data_file(3);
  const std::string content = read(file);
  write(file, content.substr(0, content.size() - 1));
  EXPECT_THAT(findings(), ElementsAre(finding(
                              3, "", file, "its manifest says " + std::to_string(content.size()))));
}

TEST_F(CheckFragment, ReadsNothingOfAFileThatHasGrown) {
  const std::string file = data_file(3);
  const std::uintmax_t size = std::filesystem::file_size(path_ / file);
  std::filesystem::resize_file(path_ / file, std::uintmax_t{1} << 40);  // a hole
  EXPECT_THAT(findings(), ElementsAre(finding(3, "", file,
                                              "has 1099511627776 bytes, but its manifest says " +
                                                  std::to_string(size))));
}

TEST_F(CheckFragment, OneDamagedFragmentHidesNoOtherDamage) {
  const std::string broken = data_file(3, 0), other = data_file(3, 1);
  flip(broken, read(broken).size() - 1);
  flip(other, store_.at(2).locate("d").offset);
  EXPECT_THAT(findings(), UnorderedElementsAre(finding(3, "", broken, "LANC"),
                                               finding(3, "d", other, "the save recorded")));
}

TEST_F(CheckFragment, ListsADamagedFileOnceForItsOldestVersion) {
  const std::string broken = data_file(1);
  publish(both_);
  flip(broken, read(broken).size() - 1);
  EXPECT_THAT(store_.verify_all().findings,
              ElementsAre(AllOf(finding(1, "", broken, "LANC"),
                                finding(1, "", broken, "; 2 other versions have it too"))));
}

TEST_F(CheckFragment, FindsAColumnThatCannotBeRead) {
  const std::string file = data_file(3);
  const std::string content = read(file);
  // The footer's second number is the position of the table of columns.
  std::uint64_t table = 0, metadata = 0;
  std::memcpy(&table, content.data() + content.size() - 32, sizeof(table));
  std::memcpy(&metadata, content.data() + table, sizeof(metadata));
  flip(file, metadata);  // the first field's tag, in the metadata of the column of names
  EXPECT_THAT(findings(), Contains(finding(3, "", file, "")));
  EXPECT_THAT(findings(), Each(Field(&VerifyFinding::version, 3)));
}

TEST_F(CheckFragment, FindsRowsThatTheManifestDoesNotCount) {
  const TensorRow row{.name = "e",
                      .dtype = "uint8",
                      .shape = Shape{0},
                      .value = lance::BlobDescriptor(),
                      .hash = "99aa06d3014798d86001c324468d497f"};
  both_.push_back(write_rows({row}, {}, 5));
  publish(both_);
  EXPECT_THAT(store_.verify(4).findings,
              ElementsAre(finding(4, "", both_.back().files.front().path,
                                  "says that it has 5 rows, but its manifest says 1")));
}

TEST_F(CheckFragment, FindsAFormatThatTheManifestDoesNotName) {
  change_manifest(
      3, [](auto& file) { file.manifest.fragments.front().files.front().version = {2, 2}; });
  EXPECT_THAT(findings(), ElementsAre(finding(3, "", data_file(3, 0),
                                              "format 2.1, but its manifest says 2.2")));
}

TEST_F(CheckFragment, FindsAFooterThatPointsElsewhere) {
  const std::string file = data_file(3);
  flip(file, read(file).size() - 40);
  EXPECT_THAT(findings(), ElementsAre(finding(3, "", file, "column metadata starts at byte")));
}

TEST_F(CheckFragment, FindsAnotherSchemaInTheFile) {
  const std::string file = data_file(3);
  const auto at = read(file).find("large_binary");
  flip(file, at);
  EXPECT_THAT(findings(), Contains(finding(3, "", file, "no field 4 of type large_binary")));
}

TEST_F(CheckFragment, FindsAnEncodingThatOthersCannotRead) {
  const std::string file = data_file(3);
  flip(file, read(file).find("/lance.encodings.ColumnEncoding"));
  EXPECT_THAT(findings(), ElementsAre(finding(3, "", file, "expected `/lance.encodings.Col")));
}

TEST_F(CheckFragment, FindsAFileThatIsListedTwice) {
  change_manifest(
      3, [](auto& file) { file.manifest.fragments[1].files = file.manifest.fragments[0].files; });
  EXPECT_THAT(findings(), ElementsAre(finding(3, "", data_file(3), "names this data file twice")));
}

TEST_F(CheckFragment, FindsAPathThatLeavesTheStore) {
  change_manifest(
      3, [](auto& file) { file.manifest.fragments[1].files.front().path = "../../outside"; });
  EXPECT_THAT(findings(), Contains(finding(3, "", "", "leaves the store")));
}

TEST_F(CheckFragment, FindsDamagedDeletionFiles) {
  both_[0].deletion = delete_rows(3, {1});
  publish(both_);
  const std::string file =
      lance::deletion_path(0, *manifest_of(4).manifest.fragments.front().deletion);
  EXPECT_TRUE(store_.verify(4).ok());
  const std::string intact = read(file);
  flip(file, 0);
  EXPECT_THAT(store_.verify(4).findings, ElementsAre(finding(4, "", file, "")));
  write(file, intact);
  flip(file, intact.size() - 2);  // the row itself: 0 instead of 1
  EXPECT_THAT(store_.verify(4).findings,
              ElementsAre(finding(4, "", manifest(4), "the tensor table is not the saved one")));
  std::filesystem::remove(path_ / file);
  EXPECT_THAT(store_.verify(4).findings, ElementsAre(finding(4, "", file, "No such file")));
}

// A disk that returns read errors for data files once `sound_opens` of them have been opened.
class DyingDisk : public io::FaultStorage {
 public:
  DyingDisk(const std::filesystem::path& path, int sound_opens)
      : FaultStorage(io::open_local_storage(path), {}), path_(path), sound_opens_(sound_opens) {}
  io::InputFile open(const std::string& path) const override {
    if (sound_opens_-- > 0) return FaultStorage::open(path);
    // A descriptor that is not open for reading fails as a bad sector does, except for the message.
    return {io::Descriptor(::open((path_ / path).c_str(), O_WRONLY | O_CLOEXEC)), full_name(path)};
  }

 private:
  std::filesystem::path path_;
  mutable int sound_opens_;
};

TEST_F(CheckFragment, FindsReadErrorsOfTheDisk) {
  const auto verify_on = [&](int sound_opens) {
    auto disk = std::make_shared<DyingDisk>(path_, sound_opens);
    return Store::State::make_store({path_, disk}).verify(3);
  };
  EXPECT_TRUE(verify_on(4).ok());  // opens two files for their structures, then for their values
  const VerifyReport values = verify_on(2);
  EXPECT_THAT(values.findings, SizeIs(4));
  EXPECT_THAT(values.findings,
              Contains(finding(3, "c", data_file(3, 1), "cannot read: Bad file descriptor")));
  EXPECT_EQ(values.tensors, 0u);
  EXPECT_EQ(values.count(FindingKind::unchecked), 4u);  // the disk failed: that is not damage
  EXPECT_THAT(verify_on(0).findings, Contains(finding(3, "", data_file(3), "cannot read")));
}

}  // namespace
}  // namespace lancekeep::store
