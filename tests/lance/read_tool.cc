// SPDX-License-Identifier: Apache-2.0
// Prints every column of the newest version of Lance datasets as JSON, for test_matrix.py:
//
//   lancekeep_read_tool DATASET...
//
// Prints a line per fragment and leaf of the schema. Bytes are hexadecimal, and so are arrays of
// numbers, as in memory. Columns of number lists are also decoded in bulk, and the two results are
// compared. For a column that cannot be read, the line has "error" and the message; "why" is the
// reason that is known before any value is read.
#include "io/input_file.h"
#include "io/local_storage.h"
#include "lance/encoding/page_layout.h"
#include "lance/encoding/v2_0/array_page.h"
#include "lance/file/column_type.h"
#include "lance/file/data_file_reader.h"
#include "lance/file/list_column.h"
#include "lance/table/deletion_file.h"
#include "lance/table/file_names.h"
#include "lance/table/manifest_file.h"
#include "lance/table/version_list.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iostream>
#include <map>
#include <span>

namespace {

using namespace lancekeep;
using nlohmann::json;

constexpr std::uint64_t kMaxItems = std::uint64_t{1} << 26;
constexpr unsigned kThreads = 2;

std::string hex(std::span<const std::byte> bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

template <typename T>
std::string hex(const std::vector<T>& numbers) {
  return hex(std::as_bytes(std::span(numbers)));
}

// Throws unless ListColumn decodes the same values.
void check_bulk(const lance::DataFileReader& file, std::uint32_t index, const lance::Array& array,
                std::uint64_t rows) {
  const auto column = lance::ListColumn::open(file, index, rows, kMaxItems);
  std::vector<std::byte> values(column.values() * (column.value_bits() / 8));
  const lance::ListRows lists = column.decode(values, kThreads);
  const auto differs = [](const char* what) {
    throw Error(ErrorCode::corrupt, std::string("decoded in bulk, the column has other ") + what);
  };
  if (values != array.data) differs("values");
  if (lists.row_valid != array.row_valid) differs("null rows");
  std::vector<std::uint64_t> offsets = array.list_offsets;
  if (!array.is_list) {
    for (std::uint64_t row = 0; row <= array.rows; ++row) offsets.push_back(row);
  }
  for (std::uint64_t& offset : offsets) offset *= array.dimension;
  if (lists.offsets != offsets) differs("offsets");
  if (array.dimension == 1 && lists.value_valid != array.item_valid) differs("null values");
}

json to_json(const lance::Array& array) {
  json result = {{"rows", array.rows},           {"items", array.items},
                 {"is_list", array.is_list},     {"item_bits", array.item_bits},
                 {"dimension", array.dimension}, {"row_valid", hex(array.row_valid)},
                 {"data", hex(array.data)}};
  result["item_valid"] = hex(array.item_valid);
  result["value_valid"] = hex(array.value_valid);
  result["list_offsets"] = hex(array.list_offsets);
  result["offsets"] = hex(array.offsets);
  result["outer"] = json::array();
  for (const lance::OuterLayer& layer : array.outer) {
    result["outer"].push_back({{"is_list", layer.is_list},
                               {"entries", layer.entries},
                               {"valid", hex(layer.valid)},
                               {"offsets", hex(layer.offsets)}});
  }
  return result;
}

// The encoding of each page of a column, and of its items if these are the next column.
json pages_of(const lance::DataFileReader& file, std::uint32_t index) {
  json pages = json::array();
  for (const lance::Page& page : file.column(index).pages) {
    pages.push_back(file.version() == lance::FormatVersion{2, 0}
                        ? to_string(lance::v2_0::decode_page_encoding(page))
                        : to_string(lance::decode_page_layout(page.encoding)));
  }
  if (!file.has_lists_only(index)) return pages;
  for (json& page : pages_of(file, index + 1)) pages.push_back(std::move(page));
  return pages;
}

const lance::Field* parent_of(const std::vector<lance::Field>& fields, const lance::Field& field) {
  for (const lance::Field& other : fields) {
    if (other.id == field.parent_id) return &other;
  }
  return nullptr;
}

// The names from the outermost field down, without those of list items.
json path_of(const std::vector<lance::Field>& fields, const lance::Field& leaf) {
  json path = json::array();
  for (const lance::Field* field = &leaf; field != nullptr; field = parent_of(fields, *field)) {
    const lance::Field* parent = parent_of(fields, *field);
    const bool is_item = parent != nullptr && parent->logical_type != "struct";
    if (!is_item) path.insert(path.begin(), field->name);
  }
  return path;
}

// The field to look up: a list includes its items.
std::int32_t field_to_find(const std::vector<lance::Field>& fields, const lance::Field& leaf) {
  const lance::Field* parent = parent_of(fields, leaf);
  const bool is_item = parent != nullptr && parent->logical_type.find("list") != std::string::npos;
  return is_item ? parent->id : leaf.id;
}

json read_leaf(const std::string& dataset, const lance::Manifest& manifest,
               const lance::Fragment& fragment, const lance::Field& leaf) {
  json line = {{"path", path_of(manifest.fields, leaf)}};
  for (const lance::DataFile& data : fragment.files) {
    const auto column =
        lance::find_column(data, manifest.fields, field_to_find(manifest.fields, leaf));
    if (!column) continue;
    const auto file =
        lance::DataFileReader::open(io::InputFile(dataset + "/" + lance::data_path(data)).map());
    const lance::Array array = file.read_column(*column, fragment.physical_rows, kMaxItems);
    if (array.item_bits != 0 && array.outer.empty() && !lance::is_blob(leaf) &&
        leaf.logical_type != "struct" && !leaf.logical_type.starts_with("dict")) {
      check_bulk(file, *column, array, fragment.physical_rows);
      line["bulk"] = true;
    }
    line["array"] = to_json(array);
    line["format"] = fmt::format("{}.{}", file.version().major, file.version().minor);
    line["pages"] = pages_of(file, *column);
    return line;
  }
  line["missing"] = true;
  return line;
}

// Why the leaf cannot be read, according to its encodings.
std::string why_of(const std::string& dataset, const lance::Manifest& manifest,
                   const lance::Fragment& fragment, const lance::Field& leaf) {
  for (const lance::DataFile& data : fragment.files) {
    try {
      const auto column =
          lance::find_column(data, manifest.fields, field_to_find(manifest.fields, leaf));
      if (!column) continue;
      const auto file =
          lance::DataFileReader::open(io::InputFile(dataset + "/" + lance::data_path(data)).map());
      const std::string why = lance::why_unreadable(file, *column);
      return why.empty() && file.has_lists_only(*column) ? lance::why_unreadable(file, *column + 1)
                                                         : why;
    } catch (const Error& error) {
      return error.what();
    }
  }
  return {};
}

void print_dataset(const std::string& path) {
  const auto storage = io::open_local_storage(path);
  const auto manifest =
      lance::read_manifest(*storage, lance::list_versions(*storage).entries.back());
  for (const lance::Fragment& fragment : manifest.manifest.fragments) {
    for (const lance::Field* leaf :
         lance::column_fields(manifest.manifest.fields, lance::FormatVersion{2, 1})) {
      json line;
      try {
        line = read_leaf(path, manifest.manifest, fragment, *leaf);
      } catch (const Error& error) {
        line = {{"error", error.what()}, {"path", path_of(manifest.manifest.fields, *leaf)}};
      }
      line["why"] = why_of(path, manifest.manifest, fragment, *leaf);
      line["dataset"] = path;
      line["fragment"] = fragment.id;
      line["physical_rows"] = fragment.physical_rows;
      line["deleted"] = lance::read_deletions(*storage, fragment).size();
      std::cout << line.dump() << '\n';
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    for (int i = 1; i < argc; ++i) print_dataset(argv[i]);
    return 0;
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
  }
  return 2;
}
