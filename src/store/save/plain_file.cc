// SPDX-License-Identifier: Apache-2.0
#include "store/save/plain_file.h"

#include "lance/file/data_file_name.h"
#include "lance/file/data_file_writer.h"
#include "lance/table/dataset.h"
#include "store/save/plain_values.h"

#include <algorithm>

namespace lancekeep::store {
namespace {

enum PlainColumn : std::size_t { kNames, kValues, kShapes };

// Of `earlier`, what it says of a column like this one.
std::map<std::string, std::string> metadata_of(const std::vector<lance::Field>& earlier,
                                               const lance::Field& like) {
  const auto found = std::ranges::find_if(earlier, [&](const lance::Field& field) {
    return field.parent_id == -1 && field.name == like.name &&
           field.logical_type == like.logical_type;
  });
  return found == earlier.end() ? decltype(found->metadata)() : found->metadata;
}

void add_list(std::vector<lance::Field>& fields, const char* name, const char* item_type) {
  const auto id = static_cast<std::int32_t>(fields.size());
  fields.push_back({.name = name, .id = id, .parent_id = -1, .logical_type = "list"});
  fields.push_back({.name = "item", .id = id + 1, .parent_id = id, .logical_type = item_type});
}

// Ids of the columns: those of the lists are their items'.
std::vector<std::int32_t> leaf_ids(const std::vector<lance::Field>& schema) {
  std::vector<std::int32_t> ids;
  for (const lance::Field& field : schema) {
    if (field.logical_type != "list") ids.push_back(field.id);
  }
  return ids;
}

}  // namespace

std::vector<lance::Field> plain_fields(const std::vector<lance::Field>& earlier) {
  std::vector<lance::Field> fields{{.name = "name", .id = 0, .logical_type = "string"}};
  add_list(fields, "value", "double");
  add_list(fields, "shape", "int64");
  for (lance::Field& field : fields) {
    const bool is_text = field.logical_type == "string";
    field.encoding = is_text ? lance::FieldEncoding::var_binary : lance::FieldEncoding::plain;
    if (field.parent_id == -1) field.metadata = metadata_of(earlier, field);
  }
  return fields;
}

std::vector<FilePlan> plan_plain_files(std::span<const TensorSpec> specs) {
  std::vector<TensorSpec> as_float64(specs.begin(), specs.end());
  for (TensorSpec& spec : as_float64) {
    spec.nbytes = value_count(spec) * sizeof(double);
    spec.tied_to.reset();
  }
  return plan_files(as_float64, tie_groups(as_float64));
}

lance::Fragment write_plain_fragment(lance::Unpublished& files, TensorSource& source,
                                     const FilePlan& plan, const std::vector<lance::Field>& schema,
                                     SaveProgress& progress) {
  const auto specs = source.tensors();
  std::vector<std::string> names;
  std::vector<std::uint64_t> lengths;
  std::vector<Shape> shapes;
  for (const ValueGroup& group : plan) {
    const TensorSpec& spec = specs[group.front()];
    names.push_back(spec.name);
    lengths.push_back(value_count(spec));
    shapes.push_back(spec.shape);
  }
  lance::DataFile file{.path = lance::new_data_file_name(),
                       .fields = leaf_ids(schema),
                       .column_indices = {kNames, kValues, kShapes},
                       .version = lance::kWrittenFormat};
  lance::DataFileWriter writer(files.create(lance::data_path(file)));
  lance::ListColumnWriter values(writer, kValues, std::move(lengths));
  for (const ValueGroup& group : plan) {
    read_as_float64(source, group.front(), [&](std::span<const std::byte> piece) {
      values.write(piece);
      progress.add(piece.size(), specs[group.front()].name);
    });
  }
  values.finish();
  lance::add_pages(writer, kNames, names, lance::encode_strings);
  lance::add_pages(writer, kShapes, shapes, lance::encode_int64_lists);
  file.size = writer.finish({.fields = schema, .rows = names.size()});
  lance::Fragment fragment;
  fragment.physical_rows = names.size();
  fragment.files.push_back(std::move(file));
  return fragment;
}

}  // namespace lancekeep::store
