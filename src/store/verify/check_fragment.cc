// SPDX-License-Identifier: Apache-2.0
#include "store/verify/check_fragment.h"

#include "io/utf8.h"
#include "lance/file/footer.h"
#include "lance/table/dataset_columns.h"
#include "lance/table/file_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::store {
namespace {

constexpr std::uint64_t kFooterBytes = 40;
constexpr std::string_view kColumnEncoding = "/lance.encodings.ColumnEncoding";

// Reads a range, up to the end of the file, and drops it.
void read_through(const io::InputFile& file, std::uint64_t offset, std::uint64_t length) {
  if (offset >= file.size()) return;
  file.read_pieces(offset, std::min(length, file.size() - offset), "a part of a data file",
                   [](std::span<const std::byte>) { return true; });
}

// Reads column metadata, tables and footer: everything from the position that the footer begins
// with. Returns that position.
std::uint64_t read_tail(const io::InputFile& file) {
  if (file.size() < kFooterBytes) return 0;
  const std::uint64_t footer = file.size() - kFooterBytes;
  io::ByteReader reader(file.read(footer, kFooterBytes, "the footer"));
  const std::uint64_t metadata = reader.u64("the position of column metadata");
  read_through(file, std::min(metadata, footer), file.size());
  return metadata;
}

// Reads the pages of a column. `left` limits what is read of all columns together to the file's
// size.
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
          fmt::format("a page says that its first row is {}, but {} rows come "
                      "before it",
                      page.first_row, expected));
    }
    expected += page.rows;
  }
}

// Checks what other readers use, although Lancekeep does not: the column's kind of encoding.
void check_column(const lance::DataFileReader& reader, std::size_t index, bool counts_rows) {
  const lance::ColumnMetadata& column = reader.columns()[index];
  if (column.type_url != kColumnEncoding) {
    column.encoding.fail(fmt::format("column {} has the encoding `{}`, expected `{}`", index,
                                     io::printable(column.type_url), kColumnEncoding));
  }
  if (counts_rows) check_first_rows(column);
}

// The same for the file's own schema: the field of a column, and those that it is inside of, must
// be those of the manifest. A name may differ, because renaming a column changes only the manifest.
void check_field(const lance::DataFileReader& reader, const std::vector<lance::Field>& known,
                 const lance::Field& expected, std::size_t index) {
  const auto& fields = reader.descriptor().fields;
  const auto found = std::ranges::find(fields, expected.id, &lance::Field::id);
  if (found == fields.end() || found->logical_type != expected.logical_type) {
    reader.bytes().fail(
        fmt::format("the data file's own schema has no field {} of type {}, but "
                    "according to its manifest that is column {}",
                    expected.id, expected.logical_type, index));
  }
  if (found->parent_id != expected.parent_id) {
    reader.bytes().fail(fmt::format(
        "the data file's own schema has field {} inside field {}, but its manifest inside {}",
        expected.id, found->parent_id, expected.parent_id));
  }
  const auto parent = std::ranges::find(known, expected.parent_id, &lance::Field::id);
  if (parent != known.end()) check_field(reader, known, *parent, index);
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
    reader.bytes().fail(fmt::format("the data file has format {}.{}, but its manifest says {}.{}",
                                    found.major, found.minor, file.version.major,
                                    file.version.minor));
  }
  if (reader.descriptor().rows != rows) {
    reader.bytes().fail(
        fmt::format("the data file says that it has {} rows, but its manifest says {}",
                    reader.descriptor().rows, rows));
  }
}

template <typename Call>
void collect_error(std::vector<Error>& damage, Call call) {
  try {
    call();
  } catch (const Error& error) {
    damage.push_back(error);
  }
}

void check_data_file(const io::Storage& storage, DataFiles& files, const lance::DataFile& file,
                     std::uint64_t rows, const std::vector<lance::Field>& known,
                     std::vector<Error>& damage) {
  const io::InputFile input = storage.open(lance::data_path(file));
  // A file that has grown can be far too large to be read; its size says enough.
  lance::check_file_size(file, input.size(), input.name());
  const std::uint64_t metadata_at = read_tail(input);
  const lance::DataFileReader& reader = files.open(file);
  collect_error(damage, [&] { check_footer(reader, metadata_at); });
  collect_error(damage, [&] { check_against_manifest(reader, file, rows); });
  std::uint64_t left = input.size();
  for (std::size_t i = 0; i < file.column_indices.size(); ++i) {
    const auto field = std::ranges::find(known, file.fields[i], &lance::Field::id);
    const auto index = static_cast<std::size_t>(file.column_indices[i]);
    if (field == known.end() || file.column_indices[i] < 0 || index >= reader.columns().size()) {
      continue;
    }
    // At format 2.0 the pages of a list's items count items, not rows.
    const bool counts_rows = reader.version() != lance::kFormat20 || field->parent_id == -1;
    collect_error(damage, [&] { check_column(reader, index, counts_rows); });
    collect_error(damage, [&] { check_field(reader, known, *field, index); });
    read_pages(input, reader.columns()[index], left);
  }
}

}  // namespace

std::vector<lance::Field> fields_with_items(const std::vector<lance::Field>& fields,
                                            std::span<const std::int32_t> ids) {
  std::vector<lance::Field> found;
  for (const lance::Field& field : fields) {
    const bool is_wanted = std::ranges::any_of(
        ids, [&](std::int32_t id) { return id >= 0 && (field.id == id || field.parent_id == id); });
    if (is_wanted) found.push_back(field);
  }
  return found;
}

void check_data_files(const io::Storage& storage, DataFiles& files, const lance::Fragment& fragment,
                      const std::vector<lance::Field>& known, std::vector<Error>& damage) {
  for (const lance::DataFile& file : fragment.files) {
    collect_error(damage, [&] {
      check_data_file(storage, files, file, fragment.physical_rows, known, damage);
    });
  }
}

std::string fragment_key(const lance::Fragment& fragment, const std::vector<lance::Field>& known) {
  std::string key;
  for (const lance::Field& field : known) {
    key += fmt::format("{} {} {},", field.id, field.parent_id, field.logical_type);
  }
  return key +
         lance::encode_fragment({.files = fragment.files, .physical_rows = fragment.physical_rows});
}

}  // namespace lancekeep::store
