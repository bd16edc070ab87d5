// SPDX-License-Identifier: Apache-2.0
#include "store/table/model_columns.h"

#include "store/table/schema_fields.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

// Tried by tests/interop/test_other_forms.py, as are the other ways that messages name.
constexpr const char* kHowToCopy =
    "copy it with pylance: t = "
    "lance.dataset(old).scanner(blob_handling=\"all_binary\").to_table(); "
    "t = t.set_column(t.column_names.index(\"value\"), pyarrow.field(\"value\", "
    "pyarrow.large_binary(), metadata={\"lance-encoding:blob\": \"true\"}), t[\"value\"]); "
    "lance.write_dataset(t, new, data_storage_version=\"2.1\")";

constexpr const char* kTexts = "string";
constexpr const char* kIntegerLists = "a list of integers";

std::string wrong_type(const std::vector<lance::Field>& fields, const lance::Field& column,
                       const std::string& expected) {
  return fmt::format("column `{}` is {}, expected {}", column.name, describe_column(fields, column),
                     expected);
}

// What is wrong with a column of text or of shapes; empty if nothing is.
std::string why_no_text(const std::vector<lance::Field>& fields, const lance::Field& column) {
  return is_text(column.logical_type) ? "" : wrong_type(fields, column, kTexts);
}

std::string why_no_shape(const std::vector<lance::Field>& fields, const lance::Field& column) {
  return integer_dtype(item_type(fields, column)).empty()
             ? wrong_type(fields, column, kIntegerLists)
             : "";
}

// What is wrong with the values of a dataset that has dtypes, and thus the native layout.
std::string why_no_blob(const std::vector<lance::Field>& fields, const lance::Field& column) {
  if (is_blob_column(column)) return {};
  if (column.logical_type == "struct" || column.logical_type == "blob") {
    return fmt::format(
        "column `value` is a blob of version 2 (a struct), as pylance writes blobs from format 2.2 "
        "on; this build reads blobs of version 1. Restore an earlier version, or {}",
        kHowToCopy);
  }
  if (column.logical_type == "large_binary" || column.logical_type == "binary") {
    return fmt::format("column `value` is {} without the mark of a blob; {}", column.logical_type,
                       kHowToCopy);
  }
  return wrong_type(fields, column, "a blob (large_binary)");
}

}  // namespace

std::optional<NativeColumns> find_native_columns(const std::vector<lance::Field>& fields) {
  NativeColumns columns;
  columns.ids.fill(-1);
  const auto find_text = [&](Column column, const char* name) {
    const lance::Field* field = find_top_level(fields, name);
    if (field != nullptr && is_text(field->logical_type)) columns.ids[column] = field->id;
  };
  find_text(kName, "name");
  find_text(kDtype, "dtype");
  find_text(kHash, "hash");
  find_text(kTiedTo, "tied_to");
  if (const lance::Field* shape = find_top_level(fields, "shape")) {
    columns.shape_dtype = integer_dtype(item_type(fields, *shape));
    if (!columns.shape_dtype.empty()) columns.ids[kShape] = shape->id;
  }
  if (const lance::Field* value = find_top_level(fields, "value")) {
    if (is_blob_column(*value)) columns.ids[kValue] = value->id;
  }
  if (const lance::Field* ordinal = find_top_level(fields, "ordinal")) {
    columns.ordinal_dtype = integer_dtype(ordinal->logical_type);
    if (!columns.ordinal_dtype.empty()) columns.ids[kOrdinal] = ordinal->id;
  }
  for (const Column needed : {kName, kDtype, kShape, kValue}) {
    if (columns.ids[needed] == -1) return std::nullopt;
  }
  return columns;
}

std::optional<PlainColumns> find_plain_columns(const std::vector<lance::Field>& fields) {
  const lance::Field* name = find_top_level(fields, "name");
  const lance::Field* value = find_top_level(fields, "value");
  const lance::Field* shape = find_top_level(fields, "shape");
  if (name == nullptr || value == nullptr || shape == nullptr) return std::nullopt;
  if (!is_text(name->logical_type)) return std::nullopt;
  PlainColumns columns{.name = name->id,
                       .value = value->id,
                       .shape = shape->id,
                       .value_dtype = number_dtype(item_type(fields, *value)),
                       .shape_dtype = integer_dtype(item_type(fields, *shape))};
  if (columns.value_dtype.empty() || columns.shape_dtype.empty()) return std::nullopt;
  return columns;
}

std::optional<Layout> layout_of(const std::vector<lance::Field>& fields) {
  if (find_native_columns(fields)) return Layout::native;
  if (find_plain_columns(fields)) return Layout::plain;
  return std::nullopt;
}

std::string why_no_model(const std::vector<lance::Field>& fields) {
  for (const char* name : {"name", "shape", "value"}) {
    if (find_top_level(fields, name) == nullptr) {
      return fmt::format("it has no column `{}`; its columns are {}", name,
                         describe_columns(fields));
    }
  }
  const lance::Field& name = *find_top_level(fields, "name");
  const lance::Field& shape = *find_top_level(fields, "shape");
  const lance::Field& value = *find_top_level(fields, "value");
  if (std::string why = why_no_text(fields, name); !why.empty()) return why;
  if (std::string why = why_no_shape(fields, shape); !why.empty()) return why;
  const lance::Field* dtype = find_top_level(fields, "dtype");
  if (dtype == nullptr) {
    return wrong_type(fields, value, "a list of numbers, as there is no column `dtype`") +
           "; its columns are " + describe_columns(fields);
  }
  if (std::string why = why_no_text(fields, *dtype); !why.empty()) return why;
  return why_no_blob(fields, value);
}

}  // namespace lancekeep::store
