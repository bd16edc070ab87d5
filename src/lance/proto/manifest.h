// SPDX-License-Identifier: Apache-2.0
// The Manifest message, which describes one version of a dataset: its schema, and its rows as
// fragments of data files. Plain values. The field numbers are in docs/format/table.md.
#pragma once

#include "lance/proto/schema.h"

#include <optional>

namespace lancekeep::lance {

/// The data storage version of a manifest or a data file.
struct FormatVersion {
  std::uint32_t major = 2;
  std::uint32_t minor = 1;
  auto operator<=>(const FormatVersion&) const = default;
};

inline constexpr FormatVersion kFormat20{2, 0};

struct DataFile {
  std::string path;                          ///< relative to data/
  std::vector<std::int32_t> fields;          ///< field ids; -2: an unused column
  std::vector<std::int32_t> column_indices;  ///< parallel to `fields`
  FormatVersion version;
  std::uint64_t size = 0;  ///< in bytes; 0: not recorded
  std::optional<std::uint32_t> base_id;
  std::string unknown;  ///< unknown fields as raw protobuf

  bool operator==(const DataFile&) const = default;
};

struct DeletionFile {
  enum class Kind : std::uint32_t { arrow = 0, bitmap = 1 };
  Kind kind = Kind::bitmap;
  std::uint64_t read_version = 0;
  std::uint64_t id = 0;
  std::uint64_t num_deleted_rows = 0;  ///< 0: not recorded
  std::optional<std::uint32_t> base_id;
  std::string unknown;  ///< unknown fields as raw protobuf

  bool operator==(const DeletionFile&) const = default;
};

struct Fragment {
  std::uint64_t id = 0;
  std::vector<DataFile> files;
  std::optional<DeletionFile> deletion;
  std::uint64_t physical_rows = 0;  ///< deleted rows included; 0: not recorded
  std::string unknown;              ///< unknown fields, such as row id sequences, as raw protobuf

  bool operator==(const Fragment&) const = default;
};

struct Manifest {
  std::vector<Field> fields;
  std::vector<Fragment> fragments;  ///< in the row order of a scan
  std::uint64_t version = 0;
  std::map<std::string, std::string> schema_metadata;
  std::int64_t seconds = 0;  ///< since the Unix epoch, UTC
  std::int32_t nanos = 0;
  std::uint64_t reader_flags = 0;
  std::uint64_t writer_flags = 0;
  std::optional<std::uint32_t> max_fragment_id;  ///< unset: the dataset never had a fragment
  std::string transaction_file;                  ///< name in _transactions/
  std::string writer_library;
  std::string writer_version;
  std::optional<std::uint64_t> next_row_id;
  std::string data_format;          ///< "lance"
  std::string data_format_version;  ///< "2.1"
  std::map<std::string, std::string> config;
  std::map<std::string, std::string> table_metadata;
  std::vector<std::string> base_paths;  ///< raw BasePath messages
  std::optional<std::string> branch;
  std::optional<std::uint64_t> transaction_section;  ///< file offset of the inline transaction
  /// The same, under the field number that pylance 1 used. Read, but never written.
  std::optional<std::uint64_t> transaction_section_2025;
  /// File offset of the list of indices. Read, but never written: a new version has no indices.
  std::optional<std::uint64_t> index_section;
  /// Unknown fields as raw protobuf, without fields 4, 6, 21 and 23, which are positions in the
  /// file that was read.
  std::string unknown;

  bool operator==(const Manifest&) const = default;
};

[[nodiscard]] Manifest decode_manifest(const io::ByteView& message);
[[nodiscard]] std::string encode_manifest(const Manifest& manifest);
/// One fragment; transactions use the same message.
[[nodiscard]] Fragment decode_fragment(const io::ByteView& message);
[[nodiscard]] std::string encode_fragment(const Fragment& fragment);

}  // namespace lancekeep::lance
