// SPDX-License-Identifier: Apache-2.0
#include "cli/ls_columns.h"

#include "cli/output.h"
#include "cli/units.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

Json as_json(const std::string& dataset, const TableInfo& table) {
  Json columns = Json::array();
  for (const ColumnInfo& column : table.columns) {
    const std::string& why = column.why_not_decoded;
    columns.push_back({{"name", column.name},
                       {"type", column.type},
                       {"nullable", column.nullable},
                       {"decodes", why.empty()},
                       {"why", why.empty() ? Json() : Json(why)}});
  }
  return {{"store", dataset},
          {"version", table.version},
          {"rows", table.rows},
          {"layout", table.layout ? Json(layout_name(*table.layout)) : Json()},
          {"columns", std::move(columns)},
          {"warning", table.warning.empty() ? Json() : Json(table.warning)}};
}

std::string as_text(const TableInfo& table) {
  using Align = Table::Align;
  Table lines({{"column", Align::left}, {"type", Align::left}, {"decoded", Align::left}});
  for (const ColumnInfo& column : table.columns) {
    const std::string& why = column.why_not_decoded;
    lines.add({column.name, column.type, why.empty() ? "yes" : "no: " + why});
  }
  const std::string model =
      table.layout ? fmt::format("a model in the {} layout", layout_name(*table.layout))
                   : "no model";
  return (table.columns.empty() ? "" : lines.text()) +
         fmt::format("version {}: {}, {}, {}\n", table.version,
                     counted(table.columns.size(), "column"), counted(table.rows, "row"), model);
}

}  // namespace

void print_columns(const std::string& dataset, const TableInfo& table, bool json) {
  if (json) return print_json(as_json(dataset, table));
  if (!table.warning.empty()) print_note(table.warning);
  print(as_text(table));
}

}  // namespace lancekeep::cli
