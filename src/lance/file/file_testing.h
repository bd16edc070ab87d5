// SPDX-License-Identifier: Apache-2.0
// For tests: builds data files by hand.
#pragma once

#include "lance/encoding/encoding_testing.h"
#include "lance/file/data_file_reader.h"
#include "lance/proto/schema.h"

#include <string>
#include <vector>

namespace lancekeep::lance {

/// The parts of a file, which a test may change before it builds the file.
struct TestFile {
  std::string body;  ///< starts at byte 0
  std::vector<ColumnMetadata> columns;
  FileDescriptor descriptor;
  std::uint16_t major = 2;
  std::uint16_t minor = 1;
  std::string magic = "LANC";

  [[nodiscard]] std::string bytes() const {
    std::string file = body;
    const auto place = [&file](const std::string& part) {
      const std::string entry = raw<std::uint64_t>({file.size(), part.size()});
      file += part;
      return entry;
    };
    const std::string buffer_table = place(encode_file_descriptor(descriptor));
    const std::uint64_t metadata_at = file.size();
    std::string column_table;
    for (const ColumnMetadata& column : columns)
      column_table += place(encode_column_metadata(column));
    const std::uint64_t columns_at = file.size();
    file += column_table;
    const std::uint64_t buffers_at = file.size();
    file += buffer_table;
    file += raw<std::uint64_t>({metadata_at, columns_at, buffers_at});
    file += raw<std::uint32_t>({1, static_cast<std::uint32_t>(columns.size())});
    return file + raw<std::uint16_t>({major, minor}) + magic;
  }
};

inline DataFileReader open_file(const TestFile& file) {
  return DataFileReader::open(view(file.bytes()));
}

/// A field with id `id` below `parent`.
inline Field field(std::int32_t id, std::int32_t parent, const std::string& type) {
  Field result;
  result.name = "f" + std::to_string(id);
  result.id = id;
  result.parent_id = parent;
  result.logical_type = type;
  return result;
}

/// One int64 column of two pages: 7 three times, then two nulls.
inline TestFile integer_file() {
  Page values;
  values.rows = 3;
  values.type_url = "/lance.encodings21.PageLayout";
  values.encoding = view(message(2, layers(5, {1})));
  values.buffers = {{0, 16}};
  Page nulls = values;
  nulls.rows = 2;
  nulls.first_row = 3;
  nulls.encoding = view(message(2, layers(5, {3})));
  nulls.buffers.clear();
  TestFile file;
  file.body = raw<std::uint32_t>({1, 8}) + raw<std::uint64_t>({7});
  file.columns.resize(1);
  file.columns[0].type_url = "/lance.encodings.ColumnEncoding";
  file.columns[0].pages = {values, nulls};
  file.descriptor.fields = {field(0, -1, "int64")};
  file.descriptor.rows = 5;
  return file;
}

}  // namespace lancekeep::lance
