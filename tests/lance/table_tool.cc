// SPDX-License-Identifier: Apache-2.0
// Calls the table layer, for test_tables.py, which compares it with pylance:
//
//   lancekeep_table_tool show DATASET [VERSION]    print what is read from a version, as JSON
//   lancekeep_table_tool publish DATASET MESSAGE   commit the newest version again, as a new one
//   lancekeep_table_tool delete DATASET FRAGMENT   commit a version without the rows on stdin
//   lancekeep_table_tool tag DATASET NAME VERSION [force]
//   lancekeep_table_tool dump PATH
#include "io/local_storage.h"
#include "lance/table/commit.h"
#include "lance/table/deletion_file.h"
#include "lance/table/dump_json.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "lance/table/tags.h"
#include "lance/table/version_list.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>

namespace {

using namespace lancekeep;
using nlohmann::json;

lance::VersionEntry find_version(const io::Storage& storage,
                                 const std::optional<std::uint64_t>& number) {
  const lance::VersionList list = lance::list_versions(storage);
  if (list.entries.empty()) throw Error(ErrorCode::not_found, "the dataset has no version");
  if (!number) return list.entries.back();
  for (const lance::VersionEntry& entry : list.entries) {
    if (entry.version == *number) return entry;
  }
  throw Error(ErrorCode::not_found, "the dataset has no such version");
}

// Whether a manifest and its transaction are unchanged after they are written and read.
bool round_trips(lance::ManifestFile file) {
  if (!file.transaction) return false;
  const std::string bytes = lance::encode_manifest_file(file.manifest, *file.transaction);
  const lance::ManifestFile again = lance::decode_manifest_file(io::ByteView::of(bytes, "again"));
  file.manifest.index_section.reset();  // never written
  file.manifest.transaction_section = 0;
  file.manifest.transaction_section_2025.reset();
  return again.manifest == file.manifest && again.transaction == file.transaction;
}

json show(const io::Storage& storage, const std::optional<std::uint64_t>& number) {
  const lance::VersionEntry entry = find_version(storage, number);
  const lance::ManifestFile file = lance::read_manifest(storage, entry);
  json result;
  const lance::VersionList list = lance::list_versions(storage);
  for (const auto& version : list.entries) result["versions"].push_back(version.version);
  result["scheme"] = list.scheme == lance::NamingScheme::v1 ? 1 : 2;
  result["version"] = file.manifest.version;
  result["round_trips"] = round_trips(file);
  result["columns"] = json::array();
  for (const auto& field : file.manifest.fields) result["columns"].push_back(field.name);
  for (const auto& fragment : file.manifest.fragments) {
    const auto deleted = lance::read_deletions(storage, fragment);
    result["fragments"].push_back(
        {{"id", fragment.id}, {"rows", fragment.physical_rows}, {"deleted", deleted}});
    for (const auto& data : fragment.files) {
      if (storage.size(lance::data_path(data)) != data.size)
        throw Error(ErrorCode::corrupt, data.path);
    }
  }
  if (file.transaction) {
    result["operation"] = lance::operation_name(file.transaction->operation);
    result["properties"] = file.transaction->properties;
  }
  result["tags"] = json::object();
  for (const auto& name : lance::list_tags(storage)) {
    result["tags"][name] = lance::read_tag(storage, name).version;
  }
  return result;
}

json publish(io::Storage& storage, const lance::Manifest& manifest, const std::string& message) {
  lance::CommitRequest publication;
  publication.read_version = manifest.version;
  publication.manifest = manifest;
  publication.transaction.operation = lance::Operation::overwrite;
  publication.transaction.operation_bytes =
      lance::encode_overwrite(manifest.fragments, manifest.fields, manifest.schema_metadata);
  publication.transaction.properties = {{"__lance_commit_message", message}, {"key", "value"}};
  const auto published = lance::commit(storage, publication);
  if (!published) throw Error(ErrorCode::conflict, "someone else was faster");
  return {{"version", published->version}, {"manifest_size", published->manifest_size}};
}

json delete_rows(io::Storage& storage, std::uint64_t fragment_id) {
  lance::Manifest manifest = lance::read_manifest(storage, find_version(storage, {})).manifest;
  storage.make_folder("_deletions");
  lance::UncommittedFiles files(storage);
  const std::vector<std::uint32_t> listed{std::istream_iterator<std::uint32_t>(std::cin), {}};
  for (lance::Fragment& fragment : manifest.fragments) {
    if (fragment.id != fragment_id) continue;
    std::vector<std::uint32_t> rows = lance::read_deletions(storage, fragment);
    rows.insert(rows.end(), listed.begin(), listed.end());
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    fragment.deletion = lance::write_deletions(files, fragment.id, manifest.version, rows);
  }
  files.finish(true);
  json published = publish(storage, manifest, "delete");
  files.keep();
  return published;
}

json run(const std::vector<std::string>& args) {
  if (args.size() < 2) throw Error(ErrorCode::invalid_argument, "expected a verb and a path");
  if (args[0] == "dump" && std::filesystem::is_regular_file(args[1]))
    return lance::dump_file(args[1]);
  const auto storage = io::open_local_storage(args[1]);
  if (args[0] == "dump")
    return lance::dump_version(*storage,
                               lance::read_manifest(*storage, find_version(*storage, {})));
  if (args[0] == "show") {
    return show(*storage, args.size() > 2 ? std::optional(std::stoull(args[2])) : std::nullopt);
  }
  if (args[0] == "publish") {
    return publish(*storage, lance::read_manifest(*storage, find_version(*storage, {})).manifest,
                   args.at(2));
  }
  if (args[0] == "delete") return delete_rows(*storage, std::stoull(args.at(2)));
  if (args[0] == "tag") {
    const lance::VersionEntry entry = find_version(*storage, std::stoull(args.at(3)));
    lance::write_tag(*storage, {.name = args.at(2), .move = args.size() > 4}, entry.version,
                     storage->size(entry.path), true);
    return {{"version", entry.version}};
  }
  throw Error(ErrorCode::invalid_argument, "unknown verb " + args[0]);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::cout << run({argv + 1, argv + argc}).dump() << '\n';
    return 0;
  } catch (const Error& error) {
    std::cerr << to_string(error.code()) << ": " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 2;
}
