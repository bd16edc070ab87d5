// SPDX-License-Identifier: Apache-2.0
#include "store/save/plain_save.h"

#include "lance/file/data_file_writer.h"
#include "lance/table/file_names.h"
#include "store/save/next_version.h"
#include "store/save/referenced_files.h"
#include "store/save/to_float64.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

enum PlainColumn : std::size_t { kNames, kValues, kShapes };

// The metadata that `earlier` has for a column like this one.
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

// The field ids of the columns; for a list, the id of its items.
std::vector<std::int32_t> leaf_ids(const std::vector<lance::Field>& schema) {
  std::vector<std::int32_t> ids;
  for (const lance::Field& field : schema) {
    if (field.logical_type != "list") ids.push_back(field.id);
  }
  return ids;
}

// Streams the tensors of `plan` into a new data file, as float64.
lance::Fragment write_plain_fragment(lance::UncommittedFiles& files, TensorSource& source,
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

constexpr std::size_t kNamedTies = 3;

// Tied tensors are written, and so counted, once for each name.
std::uint64_t bytes_as_float64(std::span<const TensorSpec> specs) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& spec : specs) bytes += value_count(spec) * sizeof(double);
  return bytes;
}

std::vector<std::string> notes_on_ties(std::span<const TensorSpec> specs) {
  std::size_t count = 0;
  std::string names;
  for (const TensorSpec& spec : specs) {
    if (!spec.tied_to || ++count > kNamedTies) continue;
    names += fmt::format("{}`{}` (as `{}`)", names.empty() ? "" : ", ", spec.name,
                         specs[*spec.tied_to].name);
  }
  if (count == 0) return {};
  if (count > kNamedTies) names += fmt::format(" and {} more", count - kNamedTies);
  return {
      "the plain layout cannot represent ties: the values of tied tensors are written again for " +
      names};
}

std::vector<FilePlan> checked_plan(std::span<const TensorSpec> specs) {
  check_plain_dtypes(specs);
  return plan_plain_files(specs);
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

PlainSave::PlainSave(io::Storage& storage, TensorSource& source, const SaveOptions& options)
    : storage_(storage),
      source_(source),
      options_(options),
      plans_(checked_plan(source.tensors())),
      bytes_total_(bytes_as_float64(source.tensors())),
      progress_(options.progress, bytes_total_),
      files_(storage) {
  check_plain_values(source, progress_);
}

// Continues with the first file that the previous attempts have not finished.
void PlainSave::write_files(const std::vector<lance::Field>& schema) {
  if (fragments_.size() < plans_.size()) storage_.make_folder(lance::kDataFolder);
  while (fragments_.size() < plans_.size()) {
    fragments_.push_back(
        write_plain_fragment(files_, source_, plans_[fragments_.size()], schema, progress_));
  }
  files_.finish(options_.durable);
}

std::vector<lance::Fragment> PlainSave::numbered_fragments(const lance::Manifest* before) const {
  std::vector<lance::Fragment> fragments = fragments_;
  std::uint64_t id = next_fragment_id(before);
  for (lance::Fragment& fragment : fragments) fragment.id = id++;
  return fragments;
}

std::optional<lance::CommitResult> PlainSave::attempt(const SaveBase& base) {
  const lance::Manifest* before = base.file ? &base.file->manifest : nullptr;
  const auto schema =
      plain_fields(before != nullptr ? before->fields : std::vector<lance::Field>());
  write_files(schema);
  lance::CommitRequest publication = next_version(before, schema, numbered_fragments(before));
  publication.newest = base.newest;
  publication.durable = options_.durable;
  publication.tag = tag_request(options_);
  publication.transaction.properties =
      save_properties(options_, source_, bytes_total_, base.newest + 1);
  publication.check = [&] { return files_exist(storage_, publication.manifest.fragments); };
  publication.on_commit = [this] {
    is_visible_ = true;
    files_.keep();
  };
  return lance::commit(storage_, publication);
}

SaveReport PlainSave::report(const SaveBase& base, const lance::CommitResult& published) const {
  SaveReport report;
  report.version = published.version;
  report.tensors_written = source_.tensors().size();
  report.bytes_written = files_.bytes() + published.manifest_size + published.transaction_size;
  report.bytes_total = bytes_total_;
  report.notes = source_.notes();
  for (const auto& notes : {notes_on_ties(source_.tensors()), base.notes, published.notes}) {
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
  }
  return report;
}

}  // namespace lancekeep::store
