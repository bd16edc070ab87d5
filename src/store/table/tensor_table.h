// SPDX-License-Identifier: Apache-2.0
// The tensor table of the native layout: the rows of a version that are not deleted, read from the
// small columns of its fragments. Values stay in their files.
#pragma once

#include <lancekeep/tensor.h>

#include "io/storage.h"
#include "lance/encoding/page_encoder.h"
#include "lance/proto/manifest.h"
#include "store/table/model_columns.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

class FragmentColumns;

/// One row. A field that is null in the file is unset; only rows that pylance wrote have such
/// fields.
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
  std::uint64_t offset = 0;  ///< the row's offset in its fragment, counting deleted rows
  std::string damage;        ///< why this tensor cannot be loaded; empty if it can
};

struct TensorTable {
  std::vector<TensorRow> rows;      ///< in model order
  std::vector<io::ByteView> files;  ///< the data files that hold values, mapped read-only
  std::vector<std::string> paths;   ///< their paths in the store, parallel to `files`
};

/// The columns of a manifest with the native layout. @throws Error invalid_argument for any other.
[[nodiscard]] NativeColumns require_native_columns(const io::Storage& storage,
                                                   const lance::Manifest& manifest);

/// Reads the rows and sorts them by ordinal. Rows without an ordinal, or with the ordinal of an
/// earlier row, come after the others, in row order. @throws Error corrupt, unsupported (not the
/// native layout).
[[nodiscard]] TensorTable read_tensor_table(const io::Storage& storage,
                                            const lance::Manifest& manifest);

/// The two steps of read_tensor_table(). add_rows() appends the rows of fragment number `index`.
/// Once all fragments are added, put_in_model_order() sorts the rows and marks names that occur
/// more than once as damage.
void add_rows(const io::Storage& storage, const lance::Manifest& manifest, std::size_t index,
              const FragmentColumns& columns, TensorTable& table);
void put_in_model_order(std::vector<TensorRow>& rows);

/// For each row, the index of the row that it shares its storage with; its own index if it is not
/// tied. A tie counts if `tied_to` names another row with the same dtype, shape and bytes (the same
/// range of the same file, or the same hash).
[[nodiscard]] std::vector<std::size_t> tie_targets(const TensorTable& table);

/// Bytes of all loadable tensors, tied ones counted once. `targets` is what tie_targets() returned.
[[nodiscard]] std::uint64_t total_bytes(const TensorTable& table,
                                        const std::vector<std::size_t>& targets);
[[nodiscard]] std::uint64_t total_bytes(const TensorTable& table);

}  // namespace lancekeep::store
