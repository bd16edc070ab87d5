// SPDX-License-Identifier: Apache-2.0
#include "lance/table/dump_json.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t footer_size = 40;

Json footer_to_json(const io::ByteView& file) {
  io::ByteReader reader(file.sub(file.size() - footer_size, footer_size, "the footer"));
  Json json;
  json["columns_start"] = reader.u64("the footer");
  json["column_table_start"] = reader.u64("the footer");
  json["buffer_table_start"] = reader.u64("the footer");
  json["global_buffers"] = reader.u32("the footer");
  json["columns"] = reader.u32("the footer");
  return json;
}

Json to_json(const Page& page) {
  Json json = {{"rows", page.rows},
               {"first_row", page.first_row},
               {"encoding", page.type_url},
               {"encoding_bytes", page.encoding.size()},
               {"buffers", Json::array()}};
  for (const PageBuffer& buffer : page.buffers) {
    json["buffers"].push_back({{"offset", buffer.offset}, {"size", buffer.size}});
  }
  return json;
}

Json to_json(const ColumnMetadata& column) {
  Json json = {{"encoding", column.type_url}, {"pages", Json::array()}};
  for (const Page& page : column.pages) json["pages"].push_back(to_json(page));
  return json;
}

}  // namespace

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
  json["columns"] = Json::array();
  for (const ColumnMetadata& column : file.columns()) json["columns"].push_back(to_json(column));
  return json;
}

}  // namespace lancekeep::lance
