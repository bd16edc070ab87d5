// SPDX-License-Identifier: Apache-2.0
// lancekeep ls: lists the tensors of a version, or the columns of a dataset that is not a model.
#include <lancekeep/dump.h>
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace lancekeep::cli {
namespace {

struct LsLine {
  VersionChoice version;
  bool columns = false;
};

void print_text(const Version& version) {
  using Align = Table::Align;
  Table table({{"name", Align::left},
               {"dtype", Align::left},
               {"shape", Align::left},
               {"size", Align::right},
               {"tied to", Align::left}});
  for (const TensorInfo& tensor : version.tensors()) {
    table.add({tensor.name, tensor.dtype, tensor.is_tensor() ? to_string(tensor.shape) : "-",
               human_bytes(tensor.nbytes),
               tensor.damage.empty() ? tensor.tied_to.value_or("") : "damaged: " + tensor.damage});
  }
  const VersionInfo& info = version.info();
  print(table.text() + fmt::format("version {}: {}, {}\n", info.number,
                                   counted(info.tensors, "tensor"), human_bytes(info.bytes_total)));
}

Json to_json(const LsLine& line, const Version& version) {
  Json::Array tensors;
  for (const TensorInfo& tensor : version.tensors()) tensors.push_back(cli::to_json(tensor));
  const VersionInfo& info = version.info();
  return Json::object({{"store", line.version.store},
                       {"version", info.number},
                       {"layout", to_string(info.layout)},
                       {"bytes_total", info.bytes_total},
                       {"tensors", std::move(tensors)},
                       {"warning", text_or_null(info.warning)}});
}

ExitCode list_tensors(const LsLine& line, const Version& version, bool json) {
  if (json) {
    print_json(to_json(line, version));
  } else {
    print_text(version);
  }
  const bool damaged = std::ranges::any_of(
      version.tensors(), [](const TensorInfo& tensor) { return !tensor.damage.empty(); });
  return damaged ? ExitCode::finding : ExitCode::ok;
}

Json to_json(const std::string& dataset, const TableInfo& table) {
  Json::Array columns;
  for (const ColumnInfo& column : table.columns) {
    columns.push_back(Json::object({{"name", column.name},
                                    {"type", column.type},
                                    {"nullable", column.nullable},
                                    {"decodes", column.why_not_decoded.empty()},
                                    {"why", text_or_null(column.why_not_decoded)}}));
  }
  return Json::object({{"store", dataset},
                       {"version", table.version},
                       {"rows", table.rows},
                       {"layout", table.layout ? Json(to_string(*table.layout)) : Json()},
                       {"columns", std::move(columns)},
                       {"warning", text_or_null(table.warning)}});
}

std::string columns_text(const TableInfo& table) {
  using Align = Table::Align;
  Table lines({{"column", Align::left}, {"type", Align::left}, {"decoded", Align::left}});
  for (const ColumnInfo& column : table.columns) {
    const std::string& why = column.why_not_decoded;
    lines.add({column.name, column.type, why.empty() ? "yes" : "no: " + why});
  }
  const std::string model = table.layout
                                ? fmt::format("a model in the {} layout", to_string(*table.layout))
                                : "not a model";
  return (table.columns.empty() ? "" : lines.text()) +
         fmt::format("version {}: {}, {}, {}\n", table.version,
                     counted(table.columns.size(), "column"), counted(table.rows, "row"), model);
}

ExitCode list_columns(const LsLine& line, const TableInfo& table, bool json) {
  if (json) {
    print_json(to_json(line.version.store, table));
  } else {
    if (!table.warning.empty()) print_note(table.warning);
    print(columns_text(table));
  }
  return ExitCode::ok;
}

// Returns the columns of a dataset that is not a model. Unset if it is a model: then `error` has
// another cause.
std::optional<TableInfo> columns_without_model(const LsLine& line, const Error& error) {
  if (error.code() != ErrorCode::invalid_argument) return std::nullopt;
  TableInfo table = table_info(line.version.store, Ref::parse(line.version.at));
  if (table.layout) return std::nullopt;
  return table;
}

ExitCode run_ls(const LsLine& line, bool json) {
  const VersionChoice& chosen = line.version;
  if (line.columns)
    return list_columns(line, table_info(chosen.store, Ref::parse(chosen.at)), json);
  try {
    return list_tensors(line, open_version(chosen, json), json);
  } catch (const Error& error) {
    const std::optional<TableInfo> table = columns_without_model(line, error);
    if (!table) throw;
    return list_columns(line, *table, json);
  }
}

}  // namespace

void add_ls(CommandLine& command) {
  Verb verb =
      command.add_verb("ls", "List the tensors of a version, or the columns of a dataset", R"(
  lancekeep ls model.lance
  lancekeep ls model.lance --at best --json
  lancekeep ls weights.lance --dtype float32   (a plain dataset; by default as float64)
  lancekeep ls images.lance                    (any other Lance dataset: its columns)
)");
  auto line = std::make_shared<LsLine>();
  verb.store(line->version.store);
  verb.at(line->version.at);
  const Argument dtype = verb.dtype(line->version.dtype);
  verb.flag(
          "--columns", line->columns,
          "List the dataset's columns, and whether Lancekeep can read them, even if it is a model")
      .excludes(dtype);
  verb.runs([line](bool json) { return run_ls(*line, json); });
}

}  // namespace lancekeep::cli
