// SPDX-License-Identifier: Apache-2.0
// The tensor table of the native layout: the rows of a version that are not deleted, read from the
// small columns of its fragments. Values stay in their files.
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

/// One row. A field that is null in the file is unset: only rows that pylance wrote have such.
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
  std::uint64_t offset = 0;  ///< of the row in its fragment, counting deleted rows
  std::string damage;        ///< why this tensor cannot be loaded; empty if it can
};

struct TensorTable {
  std::vector<TensorRow> rows;      ///< in model order
  std::vector<io::ByteView> files;  ///< the data files that hold values, mapped read-only
  std::vector<std::string> paths;   ///< their paths in the store, parallel to `files`
};

/// Rows are sorted by ordinal. A row without an ordinal, or with one that an earlier row has, comes
/// after the others, in row order. @throws Error corrupt, unsupported (not the native layout).
[[nodiscard]] TensorTable read_tensor_table(const io::Storage& storage,
                                            const lance::Manifest& manifest);

/// The two steps of read_tensor_table(): append the rows of fragment number `index`, and, once all
/// fragments are in, sort the rows and mark names that occur more than once as damage.
void add_rows(const io::Storage& storage, const lance::Manifest& manifest, std::size_t index,
              const FragmentColumns& columns, TensorTable& table);
void put_in_model_order(std::vector<TensorRow>& rows);

/// For each row the index of the row it shares its storage with; its own index if it is not tied. A
/// tie counts if `tied_to` names another row with the same dtype, shape and bytes (the same range of
/// the same file, or the same hash).
[[nodiscard]] std::vector<std::size_t> tie_targets(const TensorTable& table);

/// Bytes of all loadable tensors, tied ones counted once. `targets` as tie_targets() returns them.
[[nodiscard]] std::uint64_t total_bytes(const TensorTable& table,
                                        const std::vector<std::size_t>& targets);
[[nodiscard]] std::uint64_t total_bytes(const TensorTable& table);

}  // namespace lancekeep::store
