// SPDX-License-Identifier: Apache-2.0
// Reading a version's fragments: their data files, the decoded columns of the native layout, and
// the rows that are not deleted.
#pragma once

#include <lancekeep/tensor.h>

#include "io/storage.h"
#include "lance/encoding/page_encoder.h"
#include "lance/file/data_file_reader.h"
#include "store/table/layout.h"
#include "store/table/model_columns.h"
#include "store/table/shape_column.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace lancekeep::store {

/// Limits what a hostile file can ask for: far more rows than any model has, few enough for memory.
inline constexpr std::uint64_t kMaxRows = 1 << 24;

/// Checks each fragment of a version before it is read. Without these limits a small file, listed
/// often enough, would fill the memory with its rows. One thread.
class FragmentLimits {
 public:
  FragmentLimits(const io::Storage& storage, std::uint64_t version)
      : storage_(storage), version_(version) {}
  /// @throws Error corrupt for a data file that was listed before, or for more than kMaxRows rows
  /// in all.
  void check(const lance::Fragment& fragment);

 private:
  const io::Storage& storage_;
  const std::uint64_t version_;
  std::unordered_set<std::string> files_;
  std::uint64_t rows_ = 0;
};

/// Offsets of the fragment's rows that are not deleted, ascending. Reads its deletion file.
[[nodiscard]] std::vector<std::uint64_t> live_offsets(const io::Storage& storage,
                                                      const lance::Fragment& fragment);

/// Opens data files, each only once. Refers to the storage. One thread.
class DataFiles {
 public:
  explicit DataFiles(const io::Storage& storage) : storage_(storage) {}
  /// @throws Error corrupt if its size is not the one in the manifest.
  const lance::DataFileReader& open(const lance::DataFile& file);

 private:
  const io::Storage& storage_;
  std::map<std::string, lance::DataFileReader> readers_;
};

/// Called with the error of each column that cannot be read. It can throw, or return to leave the
/// column out.
using OnDamage = std::function<void(const Error&)>;
[[noreturn]] void throw_damage(const Error& error);

/// The native columns of one fragment. If no file of the fragment has a column, it is null in all
/// rows. Owns its arrays and shares the mapping of the file that the values are in; immutable, so
/// any number of threads may read it. `row` counts deleted rows too.
class FragmentColumns {
 public:
  /// `fields` are the manifest's, `columns` what find_native_columns() finds in them. A file of
  /// format 0.1 is an Error, unsupported.
  FragmentColumns(DataFiles& files, const lance::Fragment& fragment,
                  const std::vector<lance::Field>& fields, const NativeColumns& columns,
                  const OnDamage& on_damage = throw_damage);

  /// The file that the values are in, or null, and its path in the store.
  [[nodiscard]] const io::ByteView* value_file() const {
    return value_file_ ? &*value_file_ : nullptr;
  }
  [[nodiscard]] const std::string& value_path() const { return value_path_; }

  [[nodiscard]] std::optional<std::string> text(Column column, std::uint64_t row) const;
  [[nodiscard]] std::optional<std::int64_t> ordinal(std::uint64_t row) const;
  /// If the row has no shape, puts the reason into `damage`.
  [[nodiscard]] std::optional<Shape> shape(std::uint64_t row, std::string& damage) const;
  [[nodiscard]] std::optional<lance::BlobDescriptor> blob(std::uint64_t row) const;

 private:
  void read_column(DataFiles& files, const lance::Fragment& fragment,
                   const std::vector<lance::Field>& fields, const NativeColumns& columns,
                   Column column);

  std::array<std::optional<lance::Array>, kColumns> columns_;  // all but the shapes
  std::optional<ShapeColumn> shapes_;
  std::string ordinal_dtype_;
  std::optional<io::ByteView> value_file_;
  std::string value_path_;
};

}  // namespace lancekeep::store
