// SPDX-License-Identifier: Apache-2.0
// The columns that we know of one fragment, decoded. Arrays of its own, beside the mapping of the
// file that its values lie in; immutable, so any number of threads may read it.
#pragma once

#include <lancekeep/tensor.h>

#include "io/storage.h"
#include "lance/encoding/page_encoder.h"
#include "lance/file/data_file_reader.h"
#include "store/table/native_layout.h"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::store {

/// Data files, each opened once. Uses the storage while it lives.
class DataFiles {
 public:
  explicit DataFiles(const io::Storage& storage) : storage_(storage) {}
  /// @throws Error corrupt where its size is not the one that the manifest gives.
  const lance::DataFileReader& open(const lance::DataFile& file);

 private:
  const io::Storage& storage_;
  std::map<std::string, lance::DataFileReader> readers_;
};

/// Where a column is among a fragment's files; no file: it reads as null.
struct ColumnPlace {
  const lance::DataFile* file = nullptr;
  std::uint32_t index = 0;
};
[[nodiscard]] ColumnPlace find_column(const lance::Fragment& fragment, std::int32_t field_id);

/// Gets what is wrong with a column, and throws it, or goes on without the column.
using OnDamage = std::function<void(const Error&)>;
[[noreturn]] void throw_damage(const Error& error);

/// A column that none of the fragment's files has is all null.
class FragmentColumns {
 public:
  FragmentColumns(DataFiles& files, const lance::Fragment& fragment,
                  const std::vector<std::int32_t>& leaf_ids,
                  const OnDamage& on_damage = throw_damage);

  /// The file that the values lie in, or null, and its path in the store.
  [[nodiscard]] const io::ByteView* value_file() const {
    return value_file_ ? &*value_file_ : nullptr;
  }
  [[nodiscard]] const std::string& value_path() const { return value_path_; }

  [[nodiscard]] std::optional<std::string> text(Column column, std::uint64_t row) const;
  [[nodiscard]] std::optional<std::int64_t> integer(Column column, std::uint64_t row) const;
  [[nodiscard]] std::optional<Shape> shape(std::uint64_t row) const;
  [[nodiscard]] std::optional<lance::BlobDescriptor> blob(std::uint64_t row) const;

 private:
  void read_column(DataFiles& files, const lance::Fragment& fragment, Column column,
                   std::int32_t field_id);

  std::array<std::optional<lance::Array>, kColumns> columns_;
  std::optional<io::ByteView> value_file_;
  std::string value_path_;
};

}  // namespace lancekeep::store
