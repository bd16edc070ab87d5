// SPDX-License-Identifier: Apache-2.0
// The fields of a schema, as in manifests and data files: file.proto's Field, Schema and
// FileDescriptor. Plain values.
#pragma once

#include "lance/proto/wire.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lancekeep::lance {

enum class FieldEncoding : std::uint32_t { none = 0, plain = 1, var_binary = 2 };

/// A schema is a flat list of these in pre-order: parents come before their children.
struct Field {
  std::string name;
  std::int32_t id = -1;
  std::int32_t parent_id = -1;  ///< -1: a top-level column
  std::string logical_type;     ///< "string", "large_binary", "int64", "list", "struct" …
  bool nullable = true;
  FieldEncoding encoding = FieldEncoding::none;
  std::map<std::string, std::string> metadata;
  std::string extension_name;
  std::string unknown;  ///< unknown fields as raw protobuf; written back

  bool operator==(const Field&) const = default;
};

[[nodiscard]] Field decode_field(const io::ByteView& message);
[[nodiscard]] std::string encode_field(const Field& field);

/// Global buffer 0 of a data file.
struct FileDescriptor {
  std::vector<Field> fields;
  std::map<std::string, std::string> metadata;
  std::uint64_t rows = 0;

  bool operator==(const FileDescriptor&) const = default;
};
[[nodiscard]] FileDescriptor decode_file_descriptor(const io::ByteView& message);
[[nodiscard]] std::string encode_file_descriptor(const FileDescriptor& descriptor);

}  // namespace lancekeep::lance
