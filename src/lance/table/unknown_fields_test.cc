// SPDX-License-Identifier: Apache-2.0
#include "lance/table/unknown_fields.h"

#include "lance/table/table_testing.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

std::string field(protozero::pbf_tag_type tag) {
  std::string raw;
  protozero::pbf_writer(raw).add_string(tag, "content");
  return raw;
}

TEST(UnknownFields, OfAManifestThatWeWouldWriteAreNone) {
  EXPECT_EQ(first_unknown_field(small_manifest()), std::nullopt);
}

TEST(UnknownFields, LeaveOutWhatIsKnownToNameNoFile) {
  Manifest manifest = small_manifest();
  manifest.unknown = field(8) + field(17);
  manifest.fragments[0].unknown = field(5) + field(7) + field(9);
  EXPECT_EQ(first_unknown_field(manifest), std::nullopt);
}

TEST(UnknownFields, OfTheManifest) {
  Manifest manifest = small_manifest();
  manifest.unknown = field(8) + field(22) + field(24);
  EXPECT_EQ(first_unknown_field(manifest), "field 22 of the manifest");
}

TEST(UnknownFields, OfAFragment) {
  Manifest manifest = small_manifest();
  manifest.fragments[0].unknown = field(5) + field(11);
  EXPECT_EQ(first_unknown_field(manifest), "field 11 of fragment 0");
}

TEST(UnknownFields, RowIdsInAFileOfTheirOwnAreNotFollowed) {
  for (const protozero::pbf_tag_type tag : {6u, 8u, 10u}) {
    Manifest manifest = small_manifest();
    manifest.fragments[0].unknown = field(tag);
    EXPECT_EQ(first_unknown_field(manifest), fmt::format("field {} of fragment 0", tag));
  }
}

TEST(UnknownFields, OfADataFile) {
  Manifest manifest = small_manifest();
  manifest.fragments[0].files[0].unknown = field(8);
  EXPECT_EQ(first_unknown_field(manifest), "field 8 of the data file `a.lance`");
}

TEST(UnknownFields, OfADeletionFile) {
  Manifest manifest = small_manifest();
  manifest.fragments[0].deletion = DeletionFile{.unknown = field(5)};
  EXPECT_EQ(first_unknown_field(manifest), "field 5 of the deletion file of fragment 0");
}

}  // namespace
}  // namespace lancekeep::lance
