// SPDX-License-Identifier: Apache-2.0
// dump() and table_info(), which accept any Lance dataset, whether or not it keeps a model.
#include <lancekeep/dump.h>

#include "io/local_storage.h"
#include "io/rename.h"
#include "lance/table/dataset_columns.h"
#include "lance/table/dump_json.h"
#include "store/read/store_folder.h"
#include "store/read/versions.h"
#include "store/table/model_columns.h"

#include <system_error>

namespace lancekeep {
namespace {

struct OpenDataset {
  std::unique_ptr<io::Storage> storage;
  store::ResolvedVersion version;
};

OpenDataset open_dataset(const std::filesystem::path& path, const Ref& at) {
  store::require_no_file(path);
  io::finish_swap(path);
  if (!store::is_there(path)) {
    throw Error(ErrorCode::not_found, "there is no dataset: no such folder", path.string());
  }
  OpenDataset dataset{.storage = io::open_local_storage(path)};
  store::require_dataset(*dataset.storage, path);
  const lance::VersionList list = lance::list_versions(*dataset.storage);
  dataset.version = store::read_resolved(*dataset.storage, list, at);
  return dataset;
}

}  // namespace

std::string dump(const std::filesystem::path& path, const Ref& at) {
  std::error_code ignored;  // if this fails, opening the path fails too, with a message
  if (std::filesystem::is_directory(path, ignored)) {
    const OpenDataset dataset = open_dataset(path, at);
    return lance::text_of(lance::dump_version(*dataset.storage, dataset.version.file));
  }
  if (!at.is_latest()) {
    throw Error(ErrorCode::invalid_argument,
                "only a dataset's folder has versions, but this is a file", path.string());
  }
  return lance::text_of(lance::dump_file(path));
}

TableInfo table_info(const std::filesystem::path& path, const Ref& at) {
  OpenDataset dataset = open_dataset(path, at);
  const lance::Manifest& manifest = dataset.version.file.manifest;
  TableInfo table{.version = dataset.version.entry.version,
                  .rows = lance::live_rows(manifest),
                  .layout = store::layout_of(manifest.fields),
                  .warning = dataset.version.warning};
  for (lance::DatasetColumn& column : lance::list_columns(*dataset.storage, manifest)) {
    table.columns.push_back({std::move(column.name), std::move(column.type), column.nullable,
                             std::move(column.unreadable)});
  }
  return table;
}

}  // namespace lancekeep
