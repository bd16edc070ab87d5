// SPDX-License-Identifier: Apache-2.0
#include "lance/table/compatibility.h"

#include "lance/table/table_testing.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

struct Flags {
  std::uint64_t reader;
  std::uint64_t writer;
  bool operator==(const Flags&) const = default;
};

Flags flags_of(Manifest manifest) {
  manifest.reader_flags = 4;
  manifest.writer_flags = 32;
  set_flags_from_content(manifest);
  return {manifest.reader_flags, manifest.writer_flags};
}

TEST(FeatureFlags, ASimpleTableNeedsNone) { EXPECT_EQ(flags_of(small_manifest()), (Flags{0, 0})); }

TEST(FeatureFlags, DeletionsNeedTheFirst) {
  Manifest manifest = small_manifest();
  manifest.fragments[0].deletion = DeletionFile{};
  EXPECT_EQ(flags_of(manifest), (Flags{1, 1}));
}

TEST(FeatureFlags, RowIdsOfEveryFragmentNeedTheSecond) {
  Manifest manifest = small_manifest();
  manifest.next_row_id = 10;
  EXPECT_EQ(flags_of(manifest), (Flags{0, 0}));
  manifest.fragments[0].unknown = std::string("\x2a\x00", 2);
  EXPECT_EQ(flags_of(manifest), (Flags{2, 2}));
  manifest.fragments.push_back(small_manifest().fragments[0]);
  EXPECT_EQ(flags_of(manifest), (Flags{0, 0}));
}

TEST(FeatureFlags, DropsTheNextRowIdWithoutRowIds) {
  Manifest manifest = small_manifest();
  manifest.next_row_id = 10;
  set_flags_from_content(manifest);
  EXPECT_EQ(manifest.next_row_id, std::nullopt);
}

TEST(FeatureFlags, DropsRowIdsUnlessAllFragmentsHaveThem) {
  Manifest manifest = small_manifest();
  manifest.next_row_id = 10;
  const std::string further = std::string("\x9a\x06\x01x", 4);  // field 99
  manifest.fragments[0].unknown = std::string("\x2a\x00\x3a\x00", 4) + further;
  manifest.fragments.push_back(small_manifest().fragments[0]);
  set_flags_from_content(manifest);
  EXPECT_EQ(manifest.fragments[0].unknown, further);
}

TEST(FeatureFlags, AConfigurationConcernsWritersOnly) {
  Manifest manifest = small_manifest();
  manifest.config = {{"a", "b"}};
  EXPECT_EQ(flags_of(manifest), (Flags{0, 8}));
}

TEST(FeatureFlags, BasePathsConcernBoth) {
  Manifest manifest = small_manifest();
  manifest.base_paths = {""};
  EXPECT_EQ(flags_of(manifest), (Flags{16, 16}));
}

TEST(FeatureFlags, FilesOfTwoVersionsConcernBoth) {
  Manifest manifest = small_manifest();
  manifest.fragments.push_back(manifest.fragments[0]);
  manifest.fragments[1].files[0].version = {2, 2};
  EXPECT_EQ(flags_of(manifest), (Flags{256, 256}));
}

TEST(FeatureFlags, ManagedBlobsConcernBoth) {
  Manifest manifest = small_manifest();
  manifest.schema_metadata = {{"lance.blob.managed", "true"}};
  EXPECT_EQ(flags_of(manifest), (Flags{16384, 16384}));
}

TEST(FeatureFlags, AcceptsAllKnownFlags) {
  Manifest manifest = small_manifest();
  manifest.reader_flags = manifest.writer_flags = 1 | 2 | 4 | 8 | 16 | 32 | 256 | 16384;
  EXPECT_NO_THROW(check_reader_flags(manifest, "file"));
  EXPECT_NO_THROW(check_writer_flags(manifest));
}

TEST(FeatureFlags, RejectsOtherReaderFlagsByNumber) {
  Manifest manifest = small_manifest();
  manifest.reader_flags = 64 | 1;
  expect_error(ErrorCode::unsupported,
               "needs reader feature flag 64 (bit 6), which this build does not know; a newer "
               "Lancekeep or pylance may read it",
               [&] { check_reader_flags(manifest, "file"); });
  manifest.reader_flags = std::uint64_t{1} << 63;
  expect_error(ErrorCode::unsupported, "reader feature flag 9223372036854775808 (bit 63)",
               [&] { check_reader_flags(manifest, "file"); });
}

TEST(FeatureFlags, RejectsOtherWriterFlagsByNumber) {
  Manifest manifest = small_manifest();
  manifest.writer_flags = 1024;
  expect_error(ErrorCode::unsupported, "needs writer feature flag 1024 (bit 10)",
               [&] { check_writer_flags(manifest); });
}

std::string field(protozero::pbf_tag_type tag) {
  std::string raw;
  protozero::pbf_writer(raw).add_string(tag, "content");
  return raw;
}

TEST(UnknownFields, OurOwnManifestsHaveNone) {
  EXPECT_EQ(first_unknown_field(small_manifest()), std::nullopt);
}

TEST(UnknownFields, ExcludeFieldsThatNameNoFile) {
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

TEST(UnknownFields, IncludeRowIdsInASeparateFile) {
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
