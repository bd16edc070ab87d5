// SPDX-License-Identifier: Apache-2.0
// For tests of plain datasets: fragments and versions built by hand.
#pragma once

#include "io/local_storage.h"
#include "lance/encoding/page_encoder.h"
#include "lance/file/data_file_writer.h"
#include "lance/table/commit.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "lance/table/version_list.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

struct PlainCell {
  std::optional<std::string> name;
  std::vector<double> value;
  Shape shape;
};

/// Which columns a fragment has, and how many rows it claims to have.
struct FragmentPlan {
  bool has_values = true;
  bool has_shapes = true;
  std::optional<std::uint64_t> stated_rows;
};

inline lance::Field plain_field(const std::string& name, std::int32_t id, std::int32_t parent,
                                const std::string& type) {
  lance::Field field{.name = name, .id = id, .parent_id = parent};
  field.logical_type = type;
  return field;
}

/// name: string, value: list<double>, shape: list<int64>.
inline std::vector<lance::Field> plain_schema(const std::string& value_type = "double",
                                              const std::string& shape_type = "int64") {
  return {plain_field("name", 0, -1, "string"), plain_field("value", 1, -1, "list"),
          plain_field("item", 2, 1, value_type), plain_field("shape", 3, -1, "list"),
          plain_field("item", 4, 3, shape_type)};
}

/// Two tensors and a scalar.
inline std::vector<PlainCell> small_plain() {
  return {{"conv.weight", {1.5, -2, 0.25, 4, 5, 6}, {2, 3}},
          {"bn.bias", {7, 8}, {2}},
          {"bn.num_batches", {3}, {}}};
}

class PlainTest : public testing::Test {
 protected:
  PlainTest() : path_(folder_ / "plain.lance"), storage_(io::create_local_storage(path_)) {
    storage_->make_folder(lance::kDataFolder);
    storage_->make_folder(lance::kVersionsFolder);
    storage_->make_folder(lance::kTransactionsFolder);
    storage_->make_folder(lance::kDeletionsFolder);
  }

  /// A new data file. float64 values are written as integers with the same bits.
  lance::Fragment write_rows(const std::vector<PlainCell>& rows,
                             const FragmentPlan& plan = {}) const {
    lance::DataFile file{.path = lance::new_data_file_name()};
    const auto out = storage_->create(lance::data_path(file));
    lance::DataFileWriter writer(*out);
    std::vector<lance::OptionalText> names;
    std::vector<Shape> values;
    std::vector<Shape> shapes;
    for (const PlainCell& row : rows) {
      names.push_back(row.name);
      shapes.push_back(row.shape);
      values.emplace_back();
      for (const double number : row.value) {
        values.back().push_back(std::bit_cast<std::int64_t>(number));
      }
    }
    lance::FileDescriptor descriptor{.rows = rows.size()};
    const auto add = [&](const lance::EncodedPage& page, std::vector<lance::Field> fields) {
      file.fields.push_back(fields.back().id);
      file.column_indices.push_back(static_cast<std::int32_t>(file.column_indices.size()));
      writer.add_page(file.column_indices.size() - 1, page);
      for (lance::Field& field : fields) descriptor.fields.push_back(std::move(field));
    };
    const std::vector<lance::Field> schema = plain_schema();
    add(lance::encode_optional_strings(names), {schema[0]});
    if (plan.has_values) add(lance::encode_int64_lists(values), {schema[1], schema[2]});
    if (plan.has_shapes) add(lance::encode_int64_lists(shapes), {schema[3], schema[4]});
    file.size = writer.finish(descriptor);
    file.version = lance::kWrittenFormat;
    return {.files = {file}, .physical_rows = plan.stated_rows.value_or(rows.size())};
  }

  /// The fragment with these rows deleted; it must be the first of its version.
  lance::Fragment without(lance::Fragment fragment, const std::vector<std::uint32_t>& rows) const {
    lance::UncommittedFiles files(*storage_);
    fragment.deletion = lance::write_deletions(files, fragment.id, 1, rows);
    files.finish(false);
    files.keep();
    return fragment;
  }

  [[nodiscard]] lance::Manifest manifest_of(std::vector<lance::Fragment> fragments,
                                            std::vector<lance::Field> schema) const {
    lance::Manifest manifest;
    manifest.fields = std::move(schema);
    manifest.data_format = "lance";
    manifest.data_format_version = "2.1";
    manifest.max_fragment_id = static_cast<std::uint32_t>(fragments.size());
    for (std::size_t i = 0; i < fragments.size(); ++i) {
      if (!fragments[i].deletion) fragments[i].id = i;
    }
    manifest.fragments = std::move(fragments);
    return manifest;
  }
  [[nodiscard]] lance::Manifest manifest_of(std::vector<lance::Fragment> fragments) const {
    return manifest_of(std::move(fragments), plain_schema());
  }

  /// Commits a version with these fragments, as pylance would.
  std::uint64_t publish(std::vector<lance::Fragment> fragments,
                        std::vector<lance::Field> schema = plain_schema()) const {
    lance::CommitRequest publication;
    publication.read_version = lance::list_versions(*storage_).newest();
    publication.manifest = manifest_of(std::move(fragments), std::move(schema));
    publication.transaction.operation = lance::Operation::overwrite;
    publication.transaction.operation_bytes =
        lance::encode_overwrite(publication.manifest.fragments, publication.manifest.fields, {});
    return lance::commit(*storage_, publication)->version;
  }

  const io::TemporaryFolder folder_;
  const std::filesystem::path path_;
  const std::unique_ptr<io::Storage> storage_;
};

}  // namespace lancekeep::store
