// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_data_file.h"

#include "io/printable.h"
#include "lance/file/footer.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace lancekeep::store {
namespace {

constexpr std::uint64_t kFooterBytes = 40;
constexpr std::string_view kColumnEncoding = "/lance.encodings.ColumnEncoding";
// What the leaves of our columns are, by Column.
constexpr std::array<std::string_view, kColumns> kLeafTypes = {
    "string", "string", "int64", "large_binary", "int64", "string", "string"};

// Reads a range and drops it, as far as the file goes.
void read_through(const io::InputFile& file, std::uint64_t offset, std::uint64_t length) {
  if (offset >= file.size()) return;
  file.read_pieces(offset, std::min(length, file.size() - offset), "a part of a data file",
                   [](std::span<const std::byte>) { return true; });
}

// Column metadata, tables and footer: all that stands behind the byte that the footer begins with,
// which is returned.
std::uint64_t read_tail(const io::InputFile& file) {
  if (file.size() < kFooterBytes) return 0;
  const std::uint64_t footer = file.size() - kFooterBytes;
  io::ByteReader reader(file.read(footer, kFooterBytes, "the footer"));
  const std::uint64_t metadata = reader.u64("the position of column metadata");
  read_through(file, std::min(metadata, footer), file.size());
  return metadata;
}

// Pages of the columns that we know; together no more than the file, whatever they claim.
void read_pages(const io::InputFile& file, const lance::ColumnMetadata& column,
                std::uint64_t& left) {
  for (const lance::Page& page : column.pages) {
    for (const lance::PageBuffer& buffer : page.buffers) {
      const std::uint64_t length = std::min(buffer.size, left);
      read_through(file, buffer.offset, length);
      left -= length;
    }
  }
}

void check_first_rows(const lance::ColumnMetadata& column) {
  std::uint64_t expected = 0;
  for (const lance::Page& page : column.pages) {
    if (page.first_row != expected) {
      page.encoding.fail(
          fmt::format("a page says that its first row is {}, but {} rows stand "
                      "before it",
                      page.first_row, expected));
    }
    expected += page.rows;
  }
}

// What other readers go by, though we do not: the column's kind of encoding, the schema that the
// file has of its own.
void check_column(const lance::DataFileReader& reader, std::size_t index, std::int32_t field_id,
                  std::string_view type) {
  const lance::ColumnMetadata& column = reader.columns()[index];
  if (column.type_url != kColumnEncoding) {
    column.encoding.fail(fmt::format("column {} has the encoding `{}`, expected `{}`", index,
                                     io::printable(column.type_url), kColumnEncoding));
  }
  check_first_rows(column);
  const auto& fields = reader.descriptor().fields;
  const auto field = std::ranges::find(fields, field_id, &lance::Field::id);
  if (field == fields.end() || field->logical_type != type) {
    reader.bytes().fail(
        fmt::format("the data file's own schema has no field {} of type {}, which "
                    "its manifest says is its column {}",
                    field_id, type, index));
  }
}

void check_footer(const lance::DataFileReader& reader, std::uint64_t metadata_at) {
  const lance::Footer footer = lance::decode_footer(reader.bytes());
  const std::uint64_t found = footer.columns.empty() ? metadata_at : footer.columns.front().base();
  if (found == metadata_at) return;
  reader.bytes().fail(fmt::format("the footer says that column metadata starts at byte {}, but its "
                                  "table says {}",
                                  metadata_at, found),
                      reader.bytes().size() - kFooterBytes);
}

void check_against_manifest(const lance::DataFileReader& reader, const lance::DataFile& file,
                            std::uint64_t rows) {
  const lance::FormatVersion found = reader.version();
  if (file.version != found) {
    reader.bytes().fail(fmt::format("the data file has format {}.{}, its manifest says {}.{}",
                                    found.major, found.minor, file.version.major,
                                    file.version.minor));
  }
  if (reader.descriptor().rows != rows) {
    reader.bytes().fail(fmt::format("the data file says that it has {} rows, its manifest says {}",
                                    reader.descriptor().rows, rows));
  }
}

template <typename Call>
void on_error(const OnDamage& add, Call call) {
  try {
    call();
  } catch (const Error& error) {
    add(error);
  }
}

}  // namespace

std::vector<KnownColumn> native_columns(const std::vector<std::int32_t>& leaf_ids) {
  std::vector<KnownColumn> columns;
  for (std::size_t i = 0; i < leaf_ids.size(); ++i) columns.push_back({leaf_ids[i], kLeafTypes[i]});
  return columns;
}

void check_data_file(const io::Storage& storage, DataFiles& files, const lance::DataFile& file,
                     std::uint64_t rows, const std::vector<KnownColumn>& columns,
                     std::vector<Error>& damage) {
  const OnDamage add = [&damage](const Error& error) { damage.push_back(error); };
  on_error(add, [&] {
    const io::InputFile input = storage.open(lance::data_path(file));
    const std::uint64_t metadata_at = read_tail(input);
    const lance::DataFileReader& reader = files.open(file);
    on_error(add, [&] { check_footer(reader, metadata_at); });
    on_error(add, [&] { check_against_manifest(reader, file, rows); });
    std::uint64_t left = input.size();
    for (std::size_t i = 0; i < file.column_indices.size(); ++i) {
      const auto column = std::ranges::find(columns, file.fields[i], &KnownColumn::field_id);
      const auto index = static_cast<std::size_t>(file.column_indices[i]);
      const bool known = column != columns.end() && file.fields[i] >= 0;
      if (!known || file.column_indices[i] < 0 || index >= reader.columns().size()) continue;
      if (!column->type.empty()) {
        on_error(add, [&] { check_column(reader, index, column->field_id, column->type); });
      }
      read_pages(input, reader.columns()[index], left);
    }
  });
}

}  // namespace lancekeep::store
