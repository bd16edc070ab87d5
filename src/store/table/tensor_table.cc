// SPDX-License-Identifier: Apache-2.0
#include "store/table/tensor_table.h"

#include <lancekeep/error.h>

#include "lance/table/file_names.h"
#include "store/table/fragment_columns.h"
#include "tensor/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace lancekeep::store {
namespace {

// Why a row's tensor cannot be loaded; empty if it can.
std::string damage_of(const TensorRow& row, const io::ByteView* file) {
  if (!row.name) return "its name is null";
  if (!row.dtype) return "its dtype is null";
  if (!row.shape) return row.damage;
  if (!row.value) return "its value is null";
  const auto [position, size] = *row.value;
  if (size > 0 && (file == nullptr || position > file->size() || size > file->size() - position)) {
    return fmt::format("its value is at bytes {} to {} + {} of {}, which ends at {}", position,
                       position, size, file == nullptr ? "no file" : file->file(),
                       file == nullptr ? 0 : file->size());
  }
  const bool free_text = *row.dtype == "json" || *row.dtype == "tree";
  const auto itemsize = dtype_itemsize(*row.dtype);
  if (free_text || !itemsize) return {};
  const auto wanted = byte_count(*row.shape, *itemsize);
  if (!wanted) return fmt::format("its shape {} is impossible", to_string(*row.shape));
  if (*wanted != size) {
    return fmt::format("its value has {} bytes, but {} {} needs {}", size, *row.dtype,
                       to_string(*row.shape), *wanted);
  }
  return {};
}

TensorRow read_row(const FragmentColumns& columns, std::uint64_t offset) {
  TensorRow row{.name = columns.text(kName, offset),
                .dtype = columns.text(kDtype, offset),
                .value = columns.blob(offset),
                .ordinal = columns.ordinal(offset),
                .hash = columns.text(kHash, offset),
                .tied_to = columns.text(kTiedTo, offset)};
  row.shape = columns.shape(offset, row.damage);
  row.damage = damage_of(row, columns.value_file());
  return row;
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

void mark_repeated_names(std::vector<TensorRow>& rows) {
  std::unordered_map<std::string_view, int> count;
  for (const TensorRow& row : rows) {
    if (row.name) ++count[*row.name];
  }
  for (TensorRow& row : rows) {
    if (row.name && count[*row.name] > 1 && row.damage.empty()) {
      row.damage = fmt::format("its name is in {} rows", count[*row.name]);
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

NativeColumns require_native_columns(const io::Storage& storage, const lance::Manifest& manifest) {
  if (const auto columns = find_native_columns(manifest.fields)) return *columns;
  throw Error(ErrorCode::invalid_argument, "the version does not have the native layout",
              storage.full_name(lance::kVersionsFolder));
}

TensorTable read_tensor_table(const io::Storage& storage, const lance::Manifest& manifest) {
  const NativeColumns found = require_native_columns(storage, manifest);
  TensorTable table;
  FragmentLimits limits(storage, manifest.version);
  for (std::size_t i = 0; i < manifest.fragments.size(); ++i) {
    limits.check(manifest.fragments[i]);
    DataFiles files(storage);
    const FragmentColumns columns(files, manifest.fragments[i], manifest.fields, found);
    add_rows(storage, manifest, i, columns, table);
  }
  put_in_model_order(table.rows);
  return table;
}

void add_rows(const io::Storage& storage, const lance::Manifest& manifest, std::size_t index,
              const FragmentColumns& columns, TensorTable& table) {
  const auto offsets = live_offsets(storage, manifest.fragments[index]);
  const bool has_values = columns.value_file() != nullptr;
  if (has_values) {
    table.files.push_back(*columns.value_file());
    table.paths.push_back(columns.value_path());
  }
  for (const std::uint64_t offset : offsets) {
    TensorRow row = read_row(columns, offset);
    row.fragment = index;
    row.offset = offset;
    if (has_values) row.file = table.files.size() - 1;
    table.rows.push_back(std::move(row));
  }
}

void put_in_model_order(std::vector<TensorRow>& rows) {
  sort_by_ordinal(rows);
  mark_repeated_names(rows);
}

std::vector<std::size_t> tie_targets(const TensorTable& table) {
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.rows[i].name) by_name.emplace(*table.rows[i].name, i);
  }
  std::vector<std::size_t> targets(table.rows.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const TensorRow& row = table.rows[i];
    const auto target = row.tied_to ? by_name.find(*row.tied_to) : by_name.end();
    const bool tied = target != by_name.end() && is_tie(row, table.rows[target->second]);
    targets[i] = tied ? target->second : i;
  }
  return targets;
}

std::uint64_t total_bytes(const TensorTable& table, const std::vector<std::size_t>& targets) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const TensorRow& row = table.rows[i];
    if (targets[i] == i && row.value && row.damage.empty()) total += row.value->size;
  }
  return total;
}

std::uint64_t total_bytes(const TensorTable& table) {
  return total_bytes(table, tie_targets(table));
}

}  // namespace lancekeep::store
