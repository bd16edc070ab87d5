// SPDX-License-Identifier: Apache-2.0
#include "lance/table/dataset_columns.h"

#include "lance/file/data_file_reader.h"
#include "lance/file/field_tree.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace lancekeep::lance {
namespace {

constexpr std::string_view kBlobExtension = "lance.blob.v2";
constexpr const char* kBlobAdvice =
    "blobs of version 2 (lance.blob.v2), which this build does not read; read them with pylance's "
    "scanner(blob_handling=\"all_binary\") and write them as large_binary with "
    "data_storage_version=\"2.1\"";

// Which top-level column each field id belongs to.
using Owners = std::unordered_map<std::int32_t, std::size_t>;

class ColumnLister {
 public:
  ColumnLister(const io::Storage& storage, const Manifest& manifest);

  [[nodiscard]] std::vector<DatasetColumn> take() { return std::move(columns_); }
  void check(const DataFile& file);

 private:
  // Whether the file has this column, and nothing found so far prevents decoding it.
  [[nodiscard]] bool may_be_readable(const DataFile& file, std::size_t i) const;
  void note(const DataFile& file, std::size_t i, const std::string& reason);

  const io::Storage& storage_;
  std::vector<DatasetColumn> columns_;
  Owners owners_;
};

ColumnLister::ColumnLister(const io::Storage& storage, const Manifest& manifest)
    : storage_(storage) {
  const FieldTree tree(manifest.fields);
  for (const std::size_t index : tree.top()) {
    const Field& field = tree.field(index);
    for (const std::int32_t id : tree.ids(index)) owners_.emplace(id, columns_.size());
    columns_.push_back({field.name, tree.type(index), field.nullable, {}});
    if (extension_of(field) == kBlobExtension) columns_.back().unreadable = kBlobAdvice;
  }
}

bool ColumnLister::may_be_readable(const DataFile& file, std::size_t i) const {
  const auto owner = owners_.find(file.fields[i]);
  return owner != owners_.end() && columns_[owner->second].unreadable.empty();
}

void ColumnLister::note(const DataFile& file, std::size_t i, const std::string& reason) {
  if (reason.empty()) return;
  columns_[owners_.at(file.fields[i])].unreadable =
      fmt::format("data file `{}`: {}", file.path, reason);
}

void ColumnLister::check(const DataFile& file) {
  std::optional<DataFileReader> reader;
  std::string reason;
  try {
    reader = open_data_file(storage_, file);
  } catch (const Error& error) {
    reason = error.message();
  }
  for (std::size_t i = 0; i < file.fields.size(); ++i) {
    if (!may_be_readable(file, i)) continue;
    if (!reader) {
      note(file, i, reason);
    } else if (i < file.column_indices.size() && file.column_indices[i] >= 0) {
      note(file, i, why_unreadable(*reader, static_cast<std::uint32_t>(file.column_indices[i])));
    }
  }
}

}  // namespace

void check_file_size(const DataFile& file, std::uint64_t size, const std::string& name) {
  // Before format 2.0, pylance recorded sizes that are not those of the files.
  if (file.size == 0 || size == file.size || file.version.major < kFormat20.major) return;
  throw Error(ErrorCode::corrupt,
              fmt::format("the data file has {} bytes, but its manifest says {}", size, file.size),
              name);
}

DataFileReader open_data_file(const io::Storage& storage, const DataFile& file) {
  const io::ByteView bytes = storage.map(data_path(file), io::MapMode::read_only);
  check_file_size(file, bytes.size(), bytes.file());
  return DataFileReader::open(bytes);
}

std::vector<DatasetColumn> list_columns(const io::Storage& storage, const Manifest& manifest) {
  ColumnLister lister(storage, manifest);
  for (const Fragment& fragment : manifest.fragments) {
    for (const DataFile& file : fragment.files) lister.check(file);
  }
  return lister.take();
}

std::uint64_t live_rows(const Manifest& manifest) {
  std::uint64_t rows = 0;
  for (const Fragment& fragment : manifest.fragments) {
    const std::uint64_t deleted = fragment.deletion ? fragment.deletion->num_deleted_rows : 0;
    rows += fragment.physical_rows - std::min(deleted, fragment.physical_rows);
  }
  return rows;
}

}  // namespace lancekeep::lance
