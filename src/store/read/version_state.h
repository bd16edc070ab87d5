// SPDX-License-Identifier: Apache-2.0
// The state of the public Version: what is known about each row, and the source of the rows' bytes,
// which is the data files of a native store, or the decoded lists of a plain dataset.
#pragma once

#include <lancekeep/store.h>

#include "io/storage.h"
#include "store/read/versions.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lancekeep::store {

/// The destination of a row's bytes, whose size nbytes_as() returns.
struct RowRequest {
  std::size_t row = 0;
  std::span<std::byte> into;
  std::string dtype;  ///< empty: the row's own dtype
};

/// Passes the bytes of one row after another to a sink, and keeps little of them in memory. One
/// thread.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// @throws Error corrupt if the row's bytes do not have the recorded hash.
  virtual void push(std::size_t row, const ByteSink& sink) = 0;
};

/// The bytes of a version's rows. Rows are numbered as in Version::tensors(); callers may ask only
/// for intact ones. Any number of threads may call these functions at once.
class VersionValues {
 public:
  virtual ~VersionValues() = default;

  [[nodiscard]] virtual TensorView view(std::size_t row, Access access) const = 0;
  /// `offset` and the size of `into` are within the row's bytes.
  virtual void read(std::size_t row, std::uint64_t offset, std::span<std::byte> into) const = 0;
  virtual void read(std::span<const RowRequest> requests) const = 0;
  /// The row's size in bytes as `dtype` (empty: its own dtype). @throws Error invalid_argument if
  /// it cannot be read as that dtype.
  [[nodiscard]] virtual std::uint64_t nbytes_as(std::size_t row,
                                                const std::string& dtype) const = 0;
  /// @throws Error unsupported if the row's bytes are encoded in the file.
  [[nodiscard]] virtual Location locate(std::size_t row) const = 0;
  /// The reader refers to this object.
  [[nodiscard]] virtual std::unique_ptr<RowReader> reader() const = 0;
};

/// A version's VersionInfo. Tags and added bytes are in other files than the version's own, so the
/// first call of full() looks them up. Any number of threads may call it.
class LazyInfo {
 public:
  /// `known` must have everything but `tags` and `bytes_added`.
  LazyInfo(std::shared_ptr<io::Storage> storage, VersionInfo known,
           const lance::ManifestFile& file);

  /// The info without `tags` and `bytes_added`.
  [[nodiscard]] const VersionInfo& known() const { return info_; }
  /// What the version's source has under kStateDictsKey (tensor/state_dicts_key.h); often empty.
  [[nodiscard]] const std::string& state_dicts() const { return state_dicts_; }
  /// Never fails because files have meanwhile been removed or damaged: see Version::info().
  [[nodiscard]] const VersionInfo& full() const;

 private:
  [[nodiscard]] std::uint64_t bytes_added() const;

  const std::shared_ptr<io::Storage> storage_;
  const FileSizes files_;
  const std::uint64_t manifest_size_;
  const std::optional<std::uint64_t> restored_from_;
  const std::string state_dicts_;
  mutable std::once_flag once_;
  mutable VersionInfo info_;
};

/// Reads a version's manifest and small columns, and in the native layout checks the columns
/// against the table digest. Values, tags and other versions are not read.
[[nodiscard]] Version open_version(std::shared_ptr<io::Storage> storage, const Ref& ref,
                                   const ReadOptions& options = {});

}  // namespace lancekeep::store

namespace lancekeep {

struct Version::State {
  std::shared_ptr<io::Storage> storage;
  std::unique_ptr<const store::LazyInfo> info;
  std::vector<TensorInfo> infos;
  /// The row that a name means; the names are views into `infos`. If several rows have one name, it
  /// means the first of them in a native store, where none of them can be loaded, and the last in a
  /// plain dataset.
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::unique_ptr<const store::VersionValues> values;

  [[nodiscard]] static Version make_version(std::shared_ptr<const State> state) {
    return Version(std::move(state));
  }
  /// @throws Error not_found; corrupt if the row is damaged.
  [[nodiscard]] std::size_t row_of(std::string_view name) const;
  /// @throws Error corrupt if the row is damaged.
  void require_intact(std::size_t row) const;
};

}  // namespace lancekeep
