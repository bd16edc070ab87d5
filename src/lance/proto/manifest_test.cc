// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/manifest.h"

#include "lance/proto/proto_testing.h"

#include <random>

namespace lancekeep::lance {
namespace {

Field field(std::int32_t id, std::int32_t parent_id = -1) {
  Field result;
  result.name = "column" + std::to_string(id);
  result.id = id;
  result.parent_id = parent_id;
  result.logical_type = "int64";
  return result;
}

Fragment fragment(std::uint64_t id) {
  DataFile file;
  file.path = "a.lance";
  file.fields = {0, -2, 1};
  file.column_indices = {0, 1, 2};
  file.version = {2, 1};
  file.size = 1234;
  Fragment result;
  result.id = id;
  result.files = {file};
  result.physical_rows = 10;
  return result;
}

Manifest full_manifest() {
  Manifest manifest;
  manifest.fields = {field(0), field(1), field(2, 1)};
  manifest.fragments = {fragment(0), fragment(3)};
  manifest.fragments[1].deletion = DeletionFile{DeletionFile::Kind::arrow, 4, 77, 2, std::nullopt};
  manifest.fragments[1].files[0].base_id = 0;
  manifest.version = 5;
  manifest.schema_metadata = {{"schema", "metadata"}};
  manifest.seconds = 1'800'000'000;
  manifest.nanos = 999'999'999;
  manifest.reader_flags = 1;
  manifest.writer_flags = 9;
  manifest.max_fragment_id = 3;
  manifest.transaction_file = "4-x.txn";
  manifest.writer_library = "lancekeep";
  manifest.writer_version = "0.1.0";
  manifest.next_row_id = 20;
  manifest.data_format = "lance";
  manifest.data_format_version = "2.1";
  manifest.config = {{"a", "b"}};
  manifest.table_metadata = {{"c", "d"}};
  manifest.base_paths = {"\x08\x01"};
  manifest.branch = "main";
  manifest.transaction_section = 0;
  return manifest;
}

void expect_corrupt(const std::string& part, const Manifest& manifest) {
  const std::string bytes = encode_manifest(manifest);
  expect_error(ErrorCode::corrupt, part, [&] { (void)decode_manifest(view(bytes)); });
}

TEST(Manifest, RoundTrips) {
  EXPECT_EQ(decode_manifest(view(encode_manifest(full_manifest()))), full_manifest());
}

TEST(Manifest, WritesAMaxFragmentIdOfZero) {
  Manifest manifest = full_manifest();
  manifest.max_fragment_id = 0;
  EXPECT_EQ(decode_manifest(view(encode_manifest(manifest))).max_fragment_id, 0u);
  manifest.max_fragment_id.reset();
  EXPECT_EQ(decode_manifest(view(encode_manifest(manifest))).max_fragment_id, std::nullopt);
}

TEST(Manifest, KeepsUnknownFields) {
  std::string bytes = encode_manifest(full_manifest());
  protozero::pbf_writer writer(bytes);
  writer.add_string(8, "tag");
  writer.add_uint64(1234, 5);
  const Manifest manifest = decode_manifest(view(bytes));
  EXPECT_FALSE(manifest.unknown.empty());
  EXPECT_EQ(encode_manifest(manifest), bytes);
}

TEST(Manifest, KeepsUnknownFieldsOfFiles) {
  Manifest manifest = full_manifest();
  std::string further;
  protozero::pbf_writer(further).add_string(99, "further");
  manifest.fragments[1].files[0].unknown = further;
  manifest.fragments[1].deletion->unknown = further;
  EXPECT_EQ(decode_manifest(view(encode_manifest(manifest))), manifest);
}

TEST(Manifest, DoesNotKeepPositionsInTheFile) {
  std::string bytes = encode_manifest(full_manifest());
  protozero::pbf_writer writer(bytes);
  writer.add_uint64(4, 100);
  writer.add_uint64(6, 200);
  writer.add_uint64(21, 300);
  const Manifest manifest = decode_manifest(view(bytes));
  EXPECT_EQ(manifest.transaction_section_2025, 300u);
  EXPECT_EQ(encode_manifest(manifest), encode_manifest(full_manifest()));
}

TEST(Manifest, RejectsNegativeNanoseconds) {
  Manifest manifest = full_manifest();
  manifest.nanos = -1;
  expect_corrupt("the timestamp has -1 nanoseconds", manifest);
}

TEST(Manifest, RejectsAWholeSecondOfNanoseconds) {
  Manifest manifest = full_manifest();
  manifest.nanos = 1'000'000'000;
  expect_corrupt("the timestamp has 1000000000 nanoseconds", manifest);
}

TEST(Manifest, RejectsATimeThatNanosecondsCannotCount) {
  Manifest manifest = full_manifest();
  manifest.seconds = 9'223'372'036;
  expect_corrupt("seconds from 1970", manifest);
}

TEST(Manifest, RejectsADuplicateFieldId) {
  Manifest manifest = full_manifest();
  manifest.fields[1].id = 0;
  manifest.fields[2].parent_id = 0;
  expect_corrupt("schema field `column1` has id 0", manifest);
}

TEST(Manifest, RejectsANegativeFieldId) {
  Manifest manifest = full_manifest();
  manifest.fields[2].id = -1;
  expect_corrupt("has id -1", manifest);
}

TEST(Manifest, RejectsAChildBeforeItsParent) {
  Manifest manifest = full_manifest();
  manifest.fields[0].parent_id = 1;
  expect_corrupt("has parent 1, which does not come before it", manifest);
}

TEST(Manifest, RejectsADuplicateFragmentId) {
  Manifest manifest = full_manifest();
  manifest.fragments[1].id = 0;
  expect_corrupt("two fragments have id 0", manifest);
}

TEST(Manifest, RejectsMoreDeletedRowsThanRows) {
  Manifest manifest = full_manifest();
  manifest.fragments[1].deletion->num_deleted_rows = 11;
  expect_corrupt("fragment 3 has 11 deleted rows, but only 10 rows", manifest);
}

TEST(Manifest, RejectsFieldsWithoutColumns) {
  Manifest manifest = full_manifest();
  manifest.fragments[0].files[0].column_indices.pop_back();
  expect_corrupt("lists 3 fields but 2 column indices", manifest);
}

TEST(Manifest, FilesOfTheFirstFormatNeedNoColumns) {
  Manifest manifest = full_manifest();
  manifest.fragments[0].files[0].column_indices.clear();
  manifest.fragments[0].files[0].version = {0, 2};
  EXPECT_EQ(decode_manifest(view(encode_manifest(manifest))), manifest);
}

TEST(Manifest, RejectsADataFileWithoutAPath) {
  Manifest manifest = full_manifest();
  manifest.fragments[0].files[0].path.clear();
  expect_corrupt("has no path", manifest);
}

TEST(Manifest, RejectsADeletionFileOfAnotherKind) {
  Manifest manifest = full_manifest();
  manifest.fragments[1].deletion->kind = DeletionFile::Kind{2};
  const std::string bytes = encode_manifest(manifest);
  expect_error(ErrorCode::unsupported, "a deletion file has kind 2",
               [&] { (void)decode_manifest(view(bytes)); });
}

TEST(Fragment, KeepsUnknownFields) {
  std::string bytes = encode_fragment(fragment(7));
  protozero::pbf_writer(bytes).add_bytes(5, "row ids");
  EXPECT_EQ(encode_fragment(decode_fragment(view(bytes))), bytes);
}

// Any bytes decode to a manifest or throw an Error; the sanitizers check the rest.
TEST(Manifest, SurvivesRandomChanges) {
  const std::string good = encode_manifest(full_manifest());
  std::mt19937 random(1);
  int errors = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    try {
      (void)decode_manifest(view(bytes));
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 1000);
}

}  // namespace
}  // namespace lancekeep::lance
