// SPDX-License-Identifier: Apache-2.0
#include "lance/file/footer.h"
#include "lance/table/columns.h"
#include "lance/table/dump_json.h"

#include <fmt/format.h>

#include <utility>

namespace lancekeep::lance {
namespace {

// u16 major, u16 minor, "LANC" ends manifests and data files alike.
constexpr std::uint64_t kCommonTail = 8;
// A manifest's version. A data file of format 0.1 has it too: only its name tells it from one.
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
  } catch (const Error&) {  // then it is no transaction, or so damaged that it could be anything
  }
  content.fail(ErrorCode::invalid_argument,
               "not a Lance manifest, data file or transaction: it does not end with \"LANC\", and "
               "is no protobuf message with a transaction's uuid");
}

}  // namespace

Json dump_file(const std::filesystem::path& path) {
  const io::ByteView content = io::InputFile(path).map();
  if (content.size() < kCommonTail || !content.text().ends_with(kLanceMagic)) {
    return dump_transaction(content);
  }
  if (is_manifest(content) && path.extension() != kDataFileEnding)
    return to_json(decode_manifest_file(content));
  return to_json(DataFileReader::open(content));
}

Json dump_version(const io::Storage& storage, const VersionEntry& entry) {
  const ManifestFile file = read_manifest(storage, entry);
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
