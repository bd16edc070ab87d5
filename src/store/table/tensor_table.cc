// SPDX-License-Identifier: Apache-2.0
#include "store/table/tensor_table.h"

#include <lancekeep/error.h>

#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "store/table/fragment_columns.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace lancekeep::store {
namespace {

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
    table.files.push_back(*columns.value_file());
    table.paths.push_back(columns.value_path());
  }
  auto next_deleted = deleted.begin();
  for (std::uint64_t row = 0; row < fragment.physical_rows; ++row) {
    if (next_deleted != deleted.end() && *next_deleted == row) {
      ++next_deleted;
      continue;
    }
    TensorRow entry = read_row(columns, row);
    entry.fragment = index;
    entry.offset = row;
    if (columns.value_file() != nullptr) entry.file = table.files.size() - 1;
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
                  storage.full_name(lance::kVersionsFolder));
    }
    rows += fragment.physical_rows;
    read_fragment(storage, manifest, i, files, leaf_ids, seen, table);
  }
  put_in_model_order(table.rows);
  return table;
}

TensorRow read_row(const FragmentColumns& columns, std::uint64_t offset) {
  TensorRow row{.name = columns.text(kName, offset),
                .dtype = columns.text(kDtype, offset),
                .shape = columns.shape(offset),
                .value = columns.blob(offset),
                .ordinal = columns.integer(kOrdinal, offset),
                .hash = columns.text(kHash, offset),
                .tied_to = columns.text(kTiedTo, offset)};
  row.damage = damage_of(row, columns.value_file());
  return row;
}

void put_in_model_order(std::vector<TensorRow>& rows) {
  sort_by_ordinal(rows);
  mark_double_names(rows);
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
