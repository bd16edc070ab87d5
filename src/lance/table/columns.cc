// SPDX-License-Identifier: Apache-2.0
#include "lance/table/columns.h"

#include "io/error_text.h"
#include "lance/file/data_file_reader.h"
#include "lance/file/field_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace lancekeep::lance {
namespace {

constexpr std::string_view kBlobExtension = "lance.blob.v2";
constexpr const char* kBlobAdvice =
    "blobs of the second kind (lance.blob.v2), which this build does not read; read them with "
    "pylance's take_blobs() and write them as large_binary with data_storage_version=\"2.1\"";

// Which top-level column each field id belongs to.
using Owners = std::unordered_map<std::int32_t, std::size_t>;

class States {
 public:
  States(const io::Storage& storage, const Manifest& manifest);

  [[nodiscard]] std::vector<ColumnState> take() { return std::move(states_); }
  void look_into(const DataFile& file);

 private:
  // Whether a column of the file still may be one that is not decoded.
  [[nodiscard]] bool is_open(const DataFile& file, std::size_t i) const;
  void note(const DataFile& file, std::size_t i, const std::string& why);

  const io::Storage& storage_;
  std::vector<ColumnState> states_;
  Owners owners_;
};

States::States(const io::Storage& storage, const Manifest& manifest) : storage_(storage) {
  const FieldTree tree(manifest.fields);
  for (const std::size_t index : tree.top()) {
    const Field& field = tree.field(index);
    for (const std::int32_t id : tree.ids(index)) owners_.emplace(id, states_.size());
    states_.push_back({field.name, tree.type(index), field.nullable, {}});
    if (extension_of(field) == kBlobExtension) states_.back().why = kBlobAdvice;
  }
}

bool States::is_open(const DataFile& file, std::size_t i) const {
  const auto owner = owners_.find(file.fields[i]);
  return owner != owners_.end() && states_[owner->second].why.empty();
}

void States::note(const DataFile& file, std::size_t i, const std::string& why) {
  if (why.empty()) return;
  states_[owners_.at(file.fields[i])].why = fmt::format("data file `{}`: {}", file.path, why);
}

void States::look_into(const DataFile& file) {
  std::optional<DataFileReader> reader;
  std::string why;
  try {
    reader = open_data_file(storage_, file);
  } catch (const Error& error) {
    why = io::text_of(error);
  }
  for (std::size_t i = 0; i < file.fields.size(); ++i) {
    if (!is_open(file, i)) continue;
    if (!reader) {
      note(file, i, why);
    } else if (i < file.column_indices.size() && file.column_indices[i] >= 0) {
      note(file, i, why_unreadable(*reader, static_cast<std::uint32_t>(file.column_indices[i])));
    }
  }
}

}  // namespace

DataFileReader open_data_file(const io::Storage& storage, const DataFile& file) {
  const io::ByteView bytes = storage.map(data_path(file), io::MapMode::read_only);
  if (file.size != 0 && bytes.size() != file.size) {
    bytes.fail(fmt::format("the data file has {} bytes, but the manifest says {}", bytes.size(),
                           file.size));
  }
  return DataFileReader::open(bytes);
}

std::vector<ColumnState> column_states(const io::Storage& storage, const Manifest& manifest) {
  States states(storage, manifest);
  for (const Fragment& fragment : manifest.fragments) {
    for (const DataFile& file : fragment.files) states.look_into(file);
  }
  return states.take();
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
