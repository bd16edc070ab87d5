// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/dump.h>

#include "io/local_storage.h"
#include "lance/table/dump_json.h"

#include <system_error>
#include <utility>

namespace lancekeep {
namespace {

using lance::Json;

constexpr std::string_view magic = "LANC";
/// u16 major, u16 minor, "LANC" ends manifests and data files alike.
constexpr std::uint64_t common_tail = 8;
/// A manifest's version; a data file of the first format has it too, but no manifest.
constexpr std::pair<std::uint16_t, std::uint16_t> manifest_version{0, 2};

Json dump_dataset(const std::filesystem::path& path) {
  const auto storage = io::open_local_storage(path);
  const lance::VersionList list = lance::list_versions(*storage);
  if (list.entries.empty()) {
    throw Error(ErrorCode::not_found, "the folder is no Lance dataset: it has no manifest",
                path.string());
  }
  return lance::to_json(lance::read_manifest(*storage, list.entries.back()));
}

bool is_manifest(const io::ByteView& content) {
  io::ByteReader reader(content.sub(content.size() - common_tail, common_tail, "the file's end"));
  const std::uint16_t major = reader.u16("the major version");
  return std::pair{major, reader.u16("the minor version")} == manifest_version;
}

Json dump_transaction(const io::ByteView& content) {
  try {
    const lance::Transaction transaction = lance::decode_transaction(content);
    if (!transaction.uuid.empty()) return lance::to_json(transaction);
  } catch (const Error&) {  // then it is no transaction, or so damaged that it could be anything
  }
  content.fail(ErrorCode::invalid_argument,
               "not a Lance manifest, data file or transaction: it does not end with \"LANC\", and "
               "is no protobuf message with a transaction's uuid");
}

Json dump_file(const std::filesystem::path& path) {
  const io::ByteView content = io::InputFile(path).map();
  if (content.size() < common_tail || !content.text().ends_with(magic)) {
    return dump_transaction(content);
  }
  if (is_manifest(content)) return lance::to_json(lance::decode_manifest_file(content));
  return lance::to_json(lance::DataFileReader::open(content));
}

}  // namespace

std::string dump(const std::filesystem::path& path) {
  std::error_code
      ignored;  // what cannot be looked at fails again, with a message, when it is opened
  const Json json =
      std::filesystem::is_directory(path, ignored) ? dump_dataset(path) : dump_file(path);
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace lancekeep
