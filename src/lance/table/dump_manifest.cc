// SPDX-License-Identifier: Apache-2.0
#include "lance/table/dump_json.h"
#include "lance/table/time_text.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

// Numbers of BasePath's fields, on disk.
enum class BasePathTag : protozero::pbf_tag_type { id = 1, name = 2, is_root = 3, path = 4 };

Json to_json(const DataFile& file) {
  Json json = {{"path", file.path},
               {"fields", file.fields},
               {"column_indices", file.column_indices},
               {"version", fmt::format("{}.{}", file.version.major, file.version.minor)},
               {"size", file.size}};
  if (file.base_id) json["base_id"] = *file.base_id;
  return json;
}

Json to_json(const DeletionFile& file) {
  Json json = {{"kind", file.kind == DeletionFile::Kind::arrow ? "arrow" : "bitmap"},
               {"read_version", file.read_version},
               {"id", file.id},
               {"num_deleted_rows", file.num_deleted_rows}};
  if (file.base_id) json["base_id"] = *file.base_id;
  return json;
}

Json to_json(const Fragment& fragment) {
  Json json = {
      {"id", fragment.id}, {"physical_rows", fragment.physical_rows}, {"files", Json::array()}};
  for (const DataFile& file : fragment.files) json["files"].push_back(to_json(file));
  if (fragment.deletion) json["deletion_file"] = to_json(*fragment.deletion);
  if (!fragment.unknown.empty()) json["further_bytes"] = fragment.unknown.size();
  return json;
}

Json base_path_to_json(const std::string& raw) {
  Json json = Json::object();
  const io::ByteView message = io::ByteView::of(raw, {});
  read_fields(message, "a base path", [&](protozero::pbf_reader& reader) {
    switch (BasePathTag{reader.tag()}) {
      case BasePathTag::id:
        json["id"] = get_u32(reader);
        break;
      case BasePathTag::name:
        json["name"] = get_text(reader);
        break;
      case BasePathTag::is_root:
        json["is_dataset_root"] = get_bool(reader);
        break;
      case BasePathTag::path:
        json["path"] = get_text(reader);
        break;
      default:
        reader.skip();
    }
  });
  return json;
}

void add_optional_parts(const Manifest& manifest, Json& json) {
  if (manifest.max_fragment_id) json["max_fragment_id"] = *manifest.max_fragment_id;
  if (manifest.next_row_id) json["next_row_id"] = *manifest.next_row_id;
  if (manifest.branch) json["branch"] = *manifest.branch;
  if (!manifest.config.empty()) json["config"] = manifest.config;
  if (!manifest.table_metadata.empty()) json["table_metadata"] = manifest.table_metadata;
  if (!manifest.schema_metadata.empty()) json["schema_metadata"] = manifest.schema_metadata;
  for (const std::string& path : manifest.base_paths) {
    json["base_paths"].push_back(base_path_to_json(path));
  }
  if (!manifest.unknown.empty()) json["further_bytes"] = manifest.unknown.size();
}

}  // namespace

Json to_json(const Field& field) {
  Json json = {{"name", field.name},
               {"id", field.id},
               {"parent_id", field.parent_id},
               {"logical_type", field.logical_type},
               {"nullable", field.nullable}};
  if (!field.metadata.empty()) json["metadata"] = field.metadata;
  if (!field.extension_name.empty()) json["extension_name"] = field.extension_name;
  return json;
}

Json to_json(const Transaction& transaction) {
  return {{"kind", "transaction"},
          {"read_version", transaction.read_version},
          {"uuid", transaction.uuid},
          {"operation", operation_name(transaction.operation)},
          {"operation_bytes", transaction.operation_bytes.size()},
          {"properties", transaction.properties}};
}

Json to_json(const ManifestFile& file) {
  const Manifest& manifest = file.manifest;
  Json json = {
      {"kind", "manifest"},
      {"size", file.size},
      {"version", manifest.version},
      {"time", time_text(manifest.seconds, manifest.nanos)},
      {"writer", {{"library", manifest.writer_library}, {"version", manifest.writer_version}}},
      {"data_format", {{"name", manifest.data_format}, {"version", manifest.data_format_version}}},
      {"reader_flags", manifest.reader_flags},
      {"writer_flags", manifest.writer_flags},
      {"transaction_file", manifest.transaction_file}};
  add_optional_parts(manifest, json);
  json["fields"] = Json::array();
  for (const Field& field : manifest.fields) json["fields"].push_back(to_json(field));
  json["fragments"] = Json::array();
  for (const Fragment& part : manifest.fragments) json["fragments"].push_back(to_json(part));
  if (file.transaction) json["transaction"] = to_json(*file.transaction);
  return json;
}

}  // namespace lancekeep::lance
