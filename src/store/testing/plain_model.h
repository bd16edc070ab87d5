// SPDX-License-Identifier: Apache-2.0
// For tests: a model in the plain layout, and the rows that a plain dataset's files contain, read
// without the store's own reader.
#pragma once

#include "io/local_storage.h"
#include "lance/file/data_file_reader.h"
#include "lance/file/list_column.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"
#include "store/testing/test_store.h"

#include <limits>

namespace lancekeep::store {

struct WrittenRow {
  std::string name;
  std::vector<double> value;
  Shape shape;
  bool operator==(const WrittenRow&) const = default;
};

inline lance::ManifestFile newest_manifest(const std::filesystem::path& path) {
  const auto storage = io::open_local_storage(path);
  return lance::read_manifest(*storage, lance::list_versions(*storage).entries.back());
}

inline std::vector<WrittenRow> plain_rows(const std::filesystem::path& path) {
  constexpr std::uint64_t kMany = 1 << 26;
  const auto storage = io::open_local_storage(path);
  std::vector<WrittenRow> rows;
  for (const lance::Fragment& fragment : newest_manifest(path).manifest.fragments) {
    const std::uint64_t count = fragment.physical_rows;
    const auto file = lance::DataFileReader::open(
        storage->map(lance::data_path(fragment.files.at(0)), io::MapMode::read_only));
    const lance::Array names = file.read_column(0, count, kMany);
    const lance::Array shapes = file.read_column(2, count, kMany);
    const auto column = lance::ListColumn::open(file, 1, count, kMany);
    std::vector<double> values(column.values());
    const auto ends = column.decode(std::as_writable_bytes(std::span(values)), 1).offsets;
    for (std::uint64_t i = 0; i < count; ++i) {
      WrittenRow row{.name = std::string(names.text(i))};
      row.value.assign(values.data() + ends[i], values.data() + ends[i + 1]);
      for (std::uint64_t d = shapes.list_offsets[i]; d < shapes.list_offsets[i + 1]; ++d) {
        row.shape.push_back(shapes.value<std::int64_t>(d));
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

template <typename T>
std::string numbers(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(std::data(values)), values.size() * sizeof(T)};
}

/// A model with a scalar, an empty tensor, a tie and integers.
inline MemorySource plain_model(float first = 1) {
  MemorySource source;
  source.add("conv.weight", "float32", {2, 2}, numbers<float>({first, -2.5f, 0, 1e-40f}));
  source.add("bn.num_batches", "int64", {}, numbers<std::int64_t>({std::int64_t{1} << 53}));
  source.add("empty", "bfloat16", {0, 4}, "");
  source.add("head.bias", "float16", {3}, numbers<std::uint16_t>({0x3c00, 0xc000, 0x7bff}));
  source.tie("embedding.weight", 0);
  return source;
}

/// Its rows.
inline std::vector<WrittenRow> plain_model_rows(float first = 1) {
  const std::vector<double> weight{first, -2.5, 0, 1e-40f};
  return {{"conv.weight", weight, {2, 2}},
          {"bn.num_batches", {9007199254740992.0}, {}},
          {"empty", {}, {0, 4}},
          {"head.bias", {1, -2, 65504}, {3}},
          {"embedding.weight", weight, {2, 2}}};
}

}  // namespace lancekeep::store
