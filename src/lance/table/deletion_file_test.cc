// SPDX-License-Identifier: Apache-2.0
#include "lance/table/roaring.h"
#include "lance/table/table_testing.h"
#include "lance/table/unpublished.h"

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;

struct Deletions : TableTest {
  [[nodiscard]] static Fragment fragment_with(const DeletionFile& file) {
    Fragment fragment = small_manifest().fragments[0];
    fragment.id = 7;
    fragment.deletion = file;
    return fragment;
  }
};

TEST_F(Deletions, OfAFragmentWithoutAFileAreNone) {
  EXPECT_THAT(read_deletions(*storage, small_manifest().fragments[0]), ElementsAre());
}

TEST_F(Deletions, ComeBackAsTheyWereWritten) {
  Unpublished files(*storage);
  storage->make_folder("_deletions");
  const DeletionFile file = write_deletions(files, 7, 3, {0, 4, 9});
  files.finish(true);
  EXPECT_EQ(file.kind, DeletionFile::Kind::bitmap);
  EXPECT_EQ(file.read_version, 3u);
  EXPECT_EQ(file.num_deleted_rows, 3u);
  EXPECT_THAT(names("_deletions"), ElementsAre("7-3-" + std::to_string(file.id) + ".bin"));
  EXPECT_THAT(read_deletions(*storage, fragment_with(file)), ElementsAre(0, 4, 9));
}

TEST_F(Deletions, EachFileHasANameOfItsOwn) {
  Unpublished files(*storage);
  storage->make_folder("_deletions");
  (void)write_deletions(files, 7, 3, {1});
  (void)write_deletions(files, 7, 3, {1});
  EXPECT_EQ(names("_deletions").size(), 2u);
}

TEST_F(Deletions, RefuseARowThatTheFragmentHasNot) {
  Unpublished files(*storage);
  storage->make_folder("_deletions");
  const DeletionFile file = write_deletions(files, 7, 3, {10});
  files.finish(false);
  expect_error(ErrorCode::corrupt, "value 10 is no row of the fragment, which has 10",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RefuseAnotherNumberOfRowsThanTheManifestSays) {
  Unpublished files(*storage);
  storage->make_folder("_deletions");
  DeletionFile file = write_deletions(files, 7, 3, {1, 2});
  files.finish(false);
  file.num_deleted_rows = 3;
  expect_error(ErrorCode::corrupt, "2 values, expected 3",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RefuseAFileThatIsNotThere) {
  expect_error(ErrorCode::not_found, "7-0-0.bin",
               [&] { (void)read_deletions(*storage, fragment_with(DeletionFile{})); });
}

TEST_F(Deletions, RefuseAFileMuchLargerThanItsRows) {
  DeletionFile file;
  file.num_deleted_rows = 1;
  put(deletion_path(7, file), std::string(2 << 20, 'x'));
  expect_error(ErrorCode::corrupt, "7-0-0.bin",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RefuseMoreRowsThanMemoryShouldHold) {
  DeletionFile file;
  file.num_deleted_rows = std::uint64_t{1} << 31;
  expect_error(ErrorCode::unsupported, "a fragment has 2147483648 deleted rows",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RefuseAFileElsewhere) {
  DeletionFile file;
  file.base_id = 1;
  expect_error(ErrorCode::unsupported, "base path 1",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

}  // namespace
}  // namespace lancekeep::lance
