// SPDX-License-Identifier: Apache-2.0
#include "lance/table/dump_json.h"

#include "io/input_file.h"
#include "lance/file/data_file_reader.h"
#include "lance/file/footer.h"
#include "lance/proto/wire.h"
#include "lance/table/dataset_columns.h"
#include "lance/table/timestamp.h"

#include <fmt/format.h>

#include <set>
#include <utility>

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

Json footer_to_json(const io::ByteView& file) {
  const Footer footer = decode_footer(file);
  return {{"columns_start", footer.columns_start},
          {"column_table_start", footer.column_table_start},
          {"buffer_table_start", footer.buffer_table_start},
          {"global_buffers", footer.global_buffers.size()},
          {"columns", footer.columns.size()}};
}

Json to_json(const Page& page, FormatVersion version) {
  Json json = {{"rows", page.rows},
               {"first_row", page.first_row},
               {"message", page.type_url},
               {"message_bytes", page.encoding.size()},
               {"encoding", describe_encoding(page, version)},
               {"buffers", Json::array()}};
  for (const PageBuffer& buffer : page.buffers) {
    json["buffers"].push_back({{"offset", buffer.offset}, {"size", buffer.size}});
  }
  return json;
}

std::set<std::string> encodings_of(const ColumnMetadata& column, FormatVersion version) {
  std::set<std::string> encodings;
  for (const Page& page : column.pages) encodings.insert(describe_encoding(page, version));
  return encodings;
}

Json column_to_json(const DataFileReader& file, std::uint32_t index, const std::string& name,
                    Pages pages) {
  const ColumnMetadata& column = file.columns()[index];
  const std::string why = why_unreadable(file, index);
  Json json = {{"field", name}, {"decodes", why.empty()}};
  if (!why.empty()) json["why"] = why;
  if (pages == Pages::summed) {
    json["encodings"] = encodings_of(column, file.version());
    return json;
  }
  json["encoding"] = column.type_url;
  json["pages"] = Json::array();
  for (const Page& page : column.pages) json["pages"].push_back(to_json(page, file.version()));
  return json;
}

// u16 major, u16 minor, "LANC" ends manifests and data files alike.
constexpr std::uint64_t kCommonTail = 8;
// A manifest's version. Data files of format 0.1 have the same; only the file name differs.
constexpr std::pair<std::uint16_t, std::uint16_t> kManifestVersion{0, 2};
constexpr const char* kDataFileEnding = ".lance";

Json data_file_to_json(const io::Storage& storage, const DataFile& file) {
  Json json = {{"path", file.path}};
  try {
    const DataFileReader reader = open_data_file(storage, file);
    json["rows"] = reader.descriptor().rows;
    json["columns"] = columns_to_json(reader, Pages::summed);
  } catch (const Error& error) {
    json["decodes"] = false;
    json["why"] = error.message();
  }
  return json;
}

bool is_manifest(const io::ByteView& content) {
  io::ByteReader reader(content.sub(content.size() - kCommonTail, kCommonTail, "the file's end"));
  const std::uint16_t major = reader.u16("the major version");
  return std::pair{major, reader.u16("the minor version")} == kManifestVersion;
}

Json dump_transaction(const io::ByteView& content) {
  try {
    const Transaction transaction = decode_transaction(content);
    if (!transaction.uuid.empty()) return to_json(transaction);
  } catch (const Error&) {  // not a transaction
  }
  content.fail(ErrorCode::invalid_argument,
               "not a Lance manifest, data file or transaction: it does not end with \"LANC\", and "
               "it is not a protobuf message with a transaction's uuid");
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
      {"time", to_string(Timestamp{manifest.seconds, manifest.nanos})},
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

Json columns_to_json(const DataFileReader& file, Pages pages) {
  const std::vector<std::string> names = column_names(file);
  Json columns = Json::array();
  for (std::uint32_t index = 0; index < names.size(); ++index)
    columns.push_back(column_to_json(file, index, names[index], pages));
  return columns;
}

Json to_json(const DataFileReader& file) {
  const FileDescriptor& descriptor = file.descriptor();
  Json json = {{"kind", "data file"},
               {"size", file.bytes().size()},
               {"version", fmt::format("{}.{}", file.version().major, file.version().minor)},
               {"rows", descriptor.rows},
               {"footer", footer_to_json(file.bytes())},
               {"fields", Json::array()}};
  for (const Field& field : descriptor.fields) json["fields"].push_back(to_json(field));
  if (!descriptor.metadata.empty()) json["schema_metadata"] = descriptor.metadata;
  json["columns"] = columns_to_json(file, Pages::each);
  return json;
}

Json dump_file(const std::filesystem::path& path) {
  const io::ByteView content = io::InputFile(path).map();
  if (content.size() < kCommonTail || !content.text().ends_with(kLanceMagic)) {
    return dump_transaction(content);
  }
  if (is_manifest(content) && path.extension() != kDataFileEnding)
    return to_json(decode_manifest_file(content));
  return to_json(DataFileReader::open(content));
}

Json dump_version(const io::Storage& storage, const ManifestFile& file) {
  Json json = to_json(file);
  json["data_files"] = Json::array();
  for (const Fragment& fragment : file.manifest.fragments) {
    for (const DataFile& data : fragment.files)
      json["data_files"].push_back(data_file_to_json(storage, data));
  }
  return json;
}

std::string text_of(const Json& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace lancekeep::lance
