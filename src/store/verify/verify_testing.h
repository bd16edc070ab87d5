// SPDX-License-Identifier: Apache-2.0
// For tests of verify: a store, hand-made versions and rows, and ways to damage them.
#pragma once

#include "io/local_storage.h"
#include "lance/file/data_file_writer.h"
#include "lance/table/commit.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "store/table/digest.h"
#include "store/table/layout.h"
#include "store/table/properties.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <vector>

namespace lancekeep::store {

/// Matches a finding of this version and tensor, in a file whose name ends with `file_end`, that
/// contains `words`.
inline auto finding(std::uint64_t version, const std::string& tensor, const std::string& file_end,
                    const std::string& words) {
  using testing::Field;
  return testing::AllOf(
      Field("version", &VerifyFinding::version, version),
      Field("tensor", &VerifyFinding::tensor, tensor),
      Field("file", &VerifyFinding::file,
            testing::ResultOf([](const std::filesystem::path& p) { return p.string(); },
                              testing::EndsWith(file_end))),
      Field("what", &VerifyFinding::what, testing::HasSubstr(words)));
}

class VerifyTest : public testing::Test {
 protected:
  VerifyTest()
      : path_(folder_ / "m.lance"),
        store_(Store::create(path_)),
        storage_(io::create_local_storage(path_)) {}

  void save(MemorySource source) { store_.save(source); }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::remove(path_ / name);
    folder_.write("m.lance/" + name, content);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return folder_.read("m.lance/" + name);
  }
  void flip(const std::string& name, std::uint64_t offset, int mask = 1) const {
    std::string content = read(name);
    content.at(offset) = static_cast<char>(content.at(offset) ^ mask);
    write(name, content);
  }
  static std::string manifest(std::uint64_t version) {
    return lance::manifest_path(version, lance::NamingScheme::v2);
  }
  [[nodiscard]] lance::ManifestFile manifest_of(std::uint64_t version) const {
    return lance::decode_manifest_file(io::ByteView::of(read(manifest(version)), "manifest"));
  }
  /// The data file of a fragment of the version, by default of its newest fragment.
  [[nodiscard]] std::string data_file(std::uint64_t version,
                                      std::optional<std::size_t> fragment = std::nullopt) const {
    const auto fragments = manifest_of(version).manifest.fragments;
    return lance::data_path(fragments.at(fragment.value_or(fragments.size() - 1)).files.front());
  }
  /// Changes the manifest and writes it again, with a valid encoding.
  void change_manifest(std::uint64_t version,
                       const std::function<void(lance::ManifestFile&)>& change) const {
    lance::ManifestFile file = manifest_of(version);
    change(file);
    write(manifest(version), lance::encode_manifest_file(file.manifest, *file.transaction));
  }

  /// Commits a version with these fragments, as a save would.
  std::uint64_t publish(std::vector<lance::Fragment> fragments) {
    lance::CommitRequest publication;
    const auto list = lance::list_versions(*storage_);
    publication.read_version = list.newest();
    lance::Manifest& manifest = publication.manifest;
    manifest.fields = native_fields({});
    manifest.data_format = "lance";
    manifest.data_format_version = "2.1";
    publication.transaction.operation = lance::Operation::overwrite;
    publication.transaction.operation_bytes =
        lance::encode_overwrite(fragments, manifest.fields, {});
    manifest.max_fragment_id = static_cast<std::uint32_t>(fragments.size());
    for (std::size_t i = 0; i < fragments.size(); ++i) fragments[i].id = i;
    manifest.fragments = std::move(fragments);
    const TensorTable table = read_tensor_table(*storage_, manifest);
    publication.transaction.properties = {
        {kDigestKey, digest_property(table_digest(table.rows), publication.read_version + 1)},
        {kBytesKey, std::to_string(total_bytes(table))}};
    return lance::commit(*storage_, publication)->version;
  }
  std::uint64_t publish_again(std::uint64_t version) {
    return publish(manifest_of(version).manifest.fragments);
  }

  /// Writes a deletion file for fragment 0.
  lance::DeletionFile delete_rows(std::uint64_t read_version,
                                  const std::vector<std::uint32_t>& rows) const {
    storage_->make_folder(lance::kDeletionsFolder);
    lance::UncommittedFiles files(*storage_);
    const lance::DeletionFile file = lance::write_deletions(files, 0, read_version, rows);
    files.finish(false);
    files.keep();
    return file;
  }

  /// Writes a data file with these rows; `values` are at its start.
  lance::Fragment write_rows(const std::vector<TensorRow>& rows, const std::string& values = {},
                             std::optional<std::uint64_t> stated_rows = std::nullopt) const {
    storage_->make_folder(lance::kDataFolder);
    lance::DataFile file{.path = lance::new_data_file_name(),
                         .fields = find_leaf_ids(native_fields({}))};
    const auto out = storage_->create(lance::data_path(file));
    lance::DataFileWriter writer(*out);
    writer.write(std::as_bytes(std::span(values)));
    const auto texts = [&](Column column, auto member) {
      std::vector<lance::OptionalText> cells;
      for (const TensorRow& row : rows) cells.push_back(row.*member);
      writer.add_page(column, lance::encode_optional_strings(cells));
    };
    std::vector<Shape> shapes;
    std::vector<lance::BlobDescriptor> blobs;
    std::vector<std::int64_t> ordinals;
    for (const TensorRow& row : rows) {
      shapes.push_back(row.shape.value_or(Shape()));
      blobs.push_back(row.value.value_or(lance::BlobDescriptor()));
      ordinals.push_back(static_cast<std::int64_t>(ordinals.size()));
    }
    texts(kName, &TensorRow::name);
    texts(kDtype, &TensorRow::dtype);
    writer.add_page(kShape, lance::encode_int64_lists(shapes));
    writer.add_page(kValue, lance::encode_blobs(blobs));
    writer.add_page(kOrdinal, lance::encode_int64(ordinals));
    texts(kHash, &TensorRow::hash);
    texts(kTiedTo, &TensorRow::tied_to);
    file.size =
        writer.finish({.fields = native_fields({}), .rows = stated_rows.value_or(rows.size())});
    file.version = lance::kWrittenFormat;
    for (int column = 0; column < static_cast<int>(kColumns); ++column) {
      file.column_indices.push_back(column);
    }
    return {.files = {file}, .physical_rows = rows.size()};
  }

  const TemporaryFolder folder_;
  const std::filesystem::path path_;
  Store store_;
  const std::unique_ptr<io::Storage> storage_;
};

}  // namespace lancekeep::store
