// SPDX-License-Identifier: Apache-2.0
#include "store/rows/tensor_table.h"

#include <lancekeep/error.h>

#include "lance/file/data_file_reader.h"
#include "lance/table/dataset.h"
#include "store/rows/native_layout.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace lancekeep::store {

namespace {

// Far above any model, far below what would hurt: bounds what a hostile manifest can ask for.
constexpr std::uint64_t kMaxRows = 1 << 24;
constexpr std::uint64_t kMaxDims = 64;

// Data files of a version, each opened once.
class DataFiles {
 public:
  explicit DataFiles(const io::Storage& storage) : storage_(storage) {}

  const lance::DataFileReader& open(const lance::DataFile& file) {
    const std::string path = lance::data_path(file);
    auto it = readers_.find(path);
    if (it == readers_.end()) {
      io::ByteView bytes = storage_.map(path, io::MapMode::read_only);
      if (file.size != 0 && bytes.size() != file.size) {
        bytes.fail(fmt::format("the data file has {} bytes, its manifest says {}", bytes.size(),
                               file.size));
      }
      it = readers_.emplace(path, lance::DataFileReader::open(std::move(bytes))).first;
    }
    return it->second;
  }

 private:
  const io::Storage& storage_;
  std::map<std::string, lance::DataFileReader> readers_;
};

// One fragment's columns; a column that none of its files has is nothing, and reads as null.
class FragmentColumns {
 public:
  FragmentColumns(DataFiles& files, const lance::Fragment& fragment,
                  const std::vector<std::int32_t>& leaf_ids) {
    for (std::size_t column = 0; column < kColumns; ++column) {
      const auto [file, index] = locate(fragment, leaf_ids[column]);
      if (file == nullptr) continue;
      const lance::DataFileReader& reader = files.open(*file);
      const std::uint64_t rows = fragment.physical_rows;
      if (rows > reader.bytes().size()) {
        reader.bytes().fail(fmt::format("the manifest counts {} rows in a file of {} bytes", rows,
                                        reader.bytes().size()));
      }
      columns_[column] = read(reader, static_cast<Column>(column), index, rows);
      if (column == kValue) value_file_ = file;
    }
  }

  [[nodiscard]] const lance::DataFile* value_file() const { return value_file_; }

  [[nodiscard]] std::optional<std::string> text(Column column, std::uint64_t row) const {
    const auto& array = columns_[column];
    if (!array || array->is_null(row)) return std::nullopt;
    return std::string(array->text(row));
  }
  [[nodiscard]] std::optional<std::int64_t> integer(Column column, std::uint64_t row) const {
    const auto& array = columns_[column];
    if (!array || array->is_null(row)) return std::nullopt;
    return array->value<std::int64_t>(row);
  }
  [[nodiscard]] std::optional<Shape> shape(std::uint64_t row) const {
    const auto& array = columns_[kShape];
    if (!array || array->is_null(row)) return std::nullopt;
    Shape shape;
    for (auto i = array->list_offsets[row]; i < array->list_offsets[row + 1]; ++i) {
      shape.push_back(array->value<std::int64_t>(i));
    }
    return shape;
  }
  [[nodiscard]] std::optional<lance::BlobDescriptor> blob(std::uint64_t row) const {
    const auto& array = columns_[kValue];
    if (!array || array->is_null(row)) return std::nullopt;
    return array->value<lance::BlobDescriptor>(row);
  }

 private:
  // The schema is in the manifest, the pages are in the file: only here it shows that they agree.
  static lance::Array read(const lance::DataFileReader& reader, Column column, std::uint32_t index,
                           std::uint64_t rows) {
    const bool list = column == kShape;
    const std::uint32_t bits = column == kValue ? 128 : list || column == kOrdinal ? 64 : 0;
    lance::Array array = reader.read_column(index, rows, list ? rows * kMaxDims : rows);
    if (rows > 0 && (array.is_list != list || array.item_bits != bits)) {
      reader.bytes().fail(fmt::format(
          "column {} must hold {} of {} bits (0: text), it holds {} of {}", index,
          list ? "lists" : "items", bits, array.is_list ? "lists" : "items", array.item_bits));
    }
    return array;
  }

  static std::pair<const lance::DataFile*, std::uint32_t> locate(const lance::Fragment& fragment,
                                                                 std::int32_t field_id) {
    for (const lance::DataFile& file : fragment.files) {
      // Files of the legacy format list no column indices; opening one says so.
      for (std::size_t i = 0; field_id >= 0 && i < file.column_indices.size(); ++i) {
        if (file.fields[i] == field_id) {
          return {&file, static_cast<std::uint32_t>(file.column_indices[i])};
        }
      }
    }
    return {nullptr, 0};
  }

  std::optional<lance::Array> columns_[kColumns];
  const lance::DataFile* value_file_ = nullptr;
};

// Why a row's tensor cannot be loaded, if it cannot.
std::string damage_of(const TensorRow& row, const io::ByteView* file) {
  if (!row.name) return "its name is null";
  if (!row.dtype) return "its dtype is null";
  if (!row.shape) return "its shape is null";
  if (!row.value) return "its value is null";
  const auto [position, size] = *row.value;
  if (size > 0 && (file == nullptr || position > file->size() || size > file->size() - position)) {
    return fmt::format("its value lies at bytes {} to {} + {} of {}, which ends at {}", position,
                       position, size, file == nullptr ? "no file" : file->file(),
                       file == nullptr ? 0 : file->size());
  }
  const bool free_text = *row.dtype == "json" || *row.dtype == "tree";
  const auto itemsize = dtype_itemsize(*row.dtype);
  if (free_text || !itemsize) return {};
  const auto wanted = byte_count(*row.shape, *itemsize);
  if (!wanted) return fmt::format("its shape {} is impossible", to_string(*row.shape));
  if (*wanted != size) {
    return fmt::format("its value has {} bytes, {} {} needs {}", size, *row.dtype,
                       to_string(*row.shape), *wanted);
  }
  return {};
}

void read_fragment(const io::Storage& storage, const lance::Manifest& manifest, std::size_t index,
                   DataFiles& files, const std::vector<std::int32_t>& leaf_ids,
                   std::unordered_set<std::string>& seen, TensorTable& table) {
  const lance::Fragment& fragment = manifest.fragments[index];
  // Else a small file, named often enough, would fill the memory with its rows.
  for (const lance::DataFile& file : fragment.files) {
    if (!seen.insert(lance::data_path(file)).second) {
      throw Error(ErrorCode::corrupt, "the manifest names this data file twice",
                  storage.full_name(lance::data_path(file)));
    }
  }
  const FragmentColumns columns(files, fragment, leaf_ids);
  const std::vector<std::uint32_t> deleted = lance::read_deletions(storage, fragment);
  if (columns.value_file() != nullptr) {
    table.files.push_back(files.open(*columns.value_file()).bytes());
    table.paths.push_back(lance::data_path(*columns.value_file()));
  }
  auto next_deleted = deleted.begin();
  for (std::uint64_t row = 0; row < fragment.physical_rows; ++row) {
    if (next_deleted != deleted.end() && *next_deleted == row) {
      ++next_deleted;
      continue;
    }
    TensorRow entry{.name = columns.text(kName, row),
                    .dtype = columns.text(kDtype, row),
                    .shape = columns.shape(row),
                    .value = columns.blob(row),
                    .ordinal = columns.integer(kOrdinal, row),
                    .hash = columns.text(kHash, row),
                    .tied_to = columns.text(kTiedTo, row),
                    .fragment = index,
                    .offset = row};
    if (columns.value_file() != nullptr) entry.file = table.files.size() - 1;
    entry.damage =
        damage_of(entry, columns.value_file() == nullptr ? nullptr : &table.files.back());
    table.rows.push_back(std::move(entry));
  }
}

void sort_by_ordinal(std::vector<TensorRow>& rows) {
  std::unordered_set<std::int64_t> seen;
  for (TensorRow& row : rows) {
    if (row.ordinal && !seen.insert(*row.ordinal).second) row.ordinal.reset();
  }
  std::ranges::stable_sort(rows, [](const TensorRow& a, const TensorRow& b) {
    if (a.ordinal && b.ordinal) return *a.ordinal < *b.ordinal;
    return a.ordinal.has_value() && !b.ordinal.has_value();
  });
}

void mark_double_names(std::vector<TensorRow>& rows) {
  std::unordered_map<std::string_view, int> count;
  for (const TensorRow& row : rows) {
    if (row.name) ++count[*row.name];
  }
  for (TensorRow& row : rows) {
    if (row.name && count[*row.name] > 1 && row.damage.empty()) {
      row.damage = fmt::format("its name stands in {} rows", count[*row.name]);
    }
  }
}

bool is_tie(const TensorRow& row, const TensorRow& target) {
  if (row.dtype != target.dtype || row.shape != target.shape || !row.value || !target.value)
    return false;
  if (row.file == target.file && row.value == target.value) return true;
  return row.value->size == target.value->size && row.hash && !row.hash->empty() &&
         row.hash == target.hash;
}

}  // namespace

TensorTable read_tensor_table(const io::Storage& storage, const lance::Manifest& manifest) {
  const std::vector<std::int32_t> leaf_ids = find_leaf_ids(manifest.fields);
  TensorTable table;
  DataFiles files(storage);
  std::unordered_set<std::string> seen;
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < manifest.fragments.size(); ++i) {
    const lance::Fragment& fragment = manifest.fragments[i];
    if (fragment.physical_rows > kMaxRows - rows) {
      throw Error(ErrorCode::corrupt,
                  fmt::format("version {} claims more than {} rows", manifest.version, kMaxRows),
                  storage.full_name("_versions"));
    }
    rows += fragment.physical_rows;
    read_fragment(storage, manifest, i, files, leaf_ids, seen, table);
  }
  sort_by_ordinal(table.rows);
  mark_double_names(table.rows);
  return table;
}

std::vector<const TensorRow*> tie_targets(const TensorTable& table) {
  std::unordered_map<std::string_view, const TensorRow*> by_name;
  for (const TensorRow& row : table.rows) {
    if (row.name) by_name.emplace(*row.name, &row);
  }
  std::vector<const TensorRow*> targets;
  targets.reserve(table.rows.size());
  for (const TensorRow& row : table.rows) {
    const auto target = row.tied_to ? by_name.find(*row.tied_to) : by_name.end();
    const bool tied =
        target != by_name.end() && target->second != &row && is_tie(row, *target->second);
    targets.push_back(tied ? target->second : nullptr);
  }
  return targets;
}

std::uint64_t total_bytes(const TensorTable& table) {
  const auto targets = tie_targets(table);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const TensorRow& row = table.rows[i];
    if (targets[i] == nullptr && row.value && row.damage.empty()) total += row.value->size;
  }
  return total;
}

}  // namespace lancekeep::store
