// SPDX-License-Identifier: Apache-2.0
#include "lance/table/row_counts.h"

#include "lance/file/data_file_writer.h"
#include "lance/table/deletion_file.h"
#include "lance/table/table_testing.h"

namespace lancekeep::lance {
namespace {

struct RowCounts : TableTest {
  // A data file of ten rows, and a manifest that counts neither them nor the deleted ones.
  [[nodiscard]] Manifest manifest_without_counts() const {
    Manifest manifest = small_manifest();
    Fragment& fragment = manifest.fragments[0];
    storage->make_folder(kDataFolder);
    const auto out = storage->create(data_path(fragment.files[0]));
    DataFileWriter writer(*out);
    writer.add_page(0, encode_int64(std::vector<std::int64_t>(10, 7)));
    fragment.files[0].size = writer.finish({.fields = manifest.fields, .rows = 10});
    fragment.files[0].version = kWrittenFormat;
    fragment.physical_rows = 0;
    return manifest;
  }
  void delete_rows(Fragment& fragment, const std::vector<std::uint32_t>& rows) const {
    storage->make_folder(kDeletionsFolder);
    UncommittedFiles files(*storage);
    fragment.deletion = write_deletions(files, fragment.id, 1, rows);
    fragment.deletion->num_deleted_rows = 0;
    files.finish(false);
    files.keep();
  }
};

TEST_F(RowCounts, ComeFromTheDataFile) {
  Manifest manifest = manifest_without_counts();
  fill_row_counts(*storage, manifest);
  EXPECT_EQ(manifest.fragments[0].physical_rows, 10u);
}

TEST_F(RowCounts, OfDeletedRowsComeFromTheDeletionFile) {
  Manifest manifest = manifest_without_counts();
  delete_rows(manifest.fragments[0], {1, 5, 9});
  fill_row_counts(*storage, manifest);
  EXPECT_EQ(manifest.fragments[0].deletion->num_deleted_rows, 3u);
}

TEST_F(RowCounts, AreKeptWithoutOpeningAFile) {
  Manifest manifest = small_manifest();  // its data file does not exist
  fill_row_counts(*storage, manifest);
  EXPECT_EQ(manifest, small_manifest());
}

TEST_F(RowCounts, OfAMissingFileAreAnError) {
  Manifest manifest = small_manifest();
  manifest.fragments[0].physical_rows = 0;
  expect_error(ErrorCode::not_found, "a.lance", [&] { fill_row_counts(*storage, manifest); });
}

TEST_F(RowCounts, RejectMoreDeletedRowsThanThereAre) {
  Manifest manifest = manifest_without_counts();
  manifest.fragments[0].deletion = DeletionFile{.num_deleted_rows = 11};
  expect_error(ErrorCode::corrupt, "fragment 0 has 11 deleted rows, but only 10 rows",
               [&] { fill_row_counts(*storage, manifest); });
}

TEST_F(RowCounts, AManifestThatIsReadHasThem) {
  const Manifest manifest = manifest_without_counts();
  const std::string path = manifest_path(1, NamingScheme::v2);
  put(path, encode_manifest_file(manifest, small_transaction()));
  EXPECT_EQ(read_manifest(*storage, {1, path}).manifest.fragments[0].physical_rows, 10u);
}

}  // namespace
}  // namespace lancekeep::lance
