// SPDX-License-Identifier: Apache-2.0
#include "lance/file/data_file_reader.h"
#include "lance/table/dump_json.h"

#include <fmt/format.h>

#include <set>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kFooterSize = 40;

Json footer_to_json(const io::ByteView& file) {
  io::ByteReader reader(file.sub(file.size() - kFooterSize, kFooterSize, "the footer"));
  Json json;
  json["columns_start"] = reader.u64("the footer");
  json["column_table_start"] = reader.u64("the footer");
  json["buffer_table_start"] = reader.u64("the footer");
  json["global_buffers"] = reader.u32("the footer");
  json["columns"] = reader.u32("the footer");
  return json;
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

}  // namespace

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

}  // namespace lancekeep::lance
