// SPDX-License-Identifier: Apache-2.0
// The tensor table: a version's live rows, read from the small columns of its fragments.
#pragma once

#include <lancekeep/tensor.h>

#include "io/storage.h"
#include "lance/encoding/page_encoder.h"
#include "lance/proto/manifest.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

class FragmentColumns;

/// Far above any model, far below what would hurt: bounds what a hostile manifest can ask for.
inline constexpr std::uint64_t kMaxRows = 1 << 24;

/// One row. A field that is null in the file (only rows that pylance made have such) is nothing
/// here.
struct TensorRow {
  std::optional<std::string> name;
  std::optional<std::string> dtype;
  std::optional<Shape> shape;
  std::optional<lance::BlobDescriptor> value;
  std::optional<std::int64_t> ordinal;
  std::optional<std::string> hash;
  std::optional<std::string> tied_to;
  std::size_t file = 0;      ///< index into TensorTable::files
  std::size_t fragment = 0;  ///< index of its fragment in the manifest
  std::uint64_t offset = 0;  ///< of the row in its fragment, deleted ones counted
  std::string damage;        ///< why this tensor cannot be loaded; empty: it can
};

struct TensorTable {
  std::vector<TensorRow> rows;      ///< in model order
  std::vector<io::ByteView> files;  ///< the data files that hold values, mapped read-only
  std::vector<std::string> paths;   ///< their paths in the store, parallel to `files`
};

/// Rows come by ordinal; one without an ordinal, or with one that an earlier row has, comes after
/// the rest in row order. @throws Error corrupt, unsupported (not the native layout).
[[nodiscard]] TensorTable read_tensor_table(const io::Storage& storage,
                                            const lance::Manifest& manifest);

/// Row `offset` of a fragment; which of a table's files it lies in is the caller's to say.
[[nodiscard]] TensorRow read_row(const FragmentColumns& columns, std::uint64_t offset);
/// What read_tensor_table() does with the rows of all fragments; double names become damage.
void put_in_model_order(std::vector<TensorRow>& rows);

/// For each row the one that it shares its storage with, or null: the row that its tied_to names,
/// where that is another one, and dtype, shape and bytes (the same range of the same file, or the
/// same hash) agree.
[[nodiscard]] std::vector<const TensorRow*> tie_targets(const TensorTable& table);

/// Sum of the tensors' bytes, tied ones once.
[[nodiscard]] std::uint64_t total_bytes(const TensorTable& table);

}  // namespace lancekeep::store
