// SPDX-License-Identifier: Apache-2.0
// lancekeep ls: the tensors of a version; of a dataset that keeps no model, its columns.
#include <lancekeep/store.h>

#include "cli/ls_columns.h"
#include "cli/open_version.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep ls model.lance\n"
    "  lancekeep ls model.lance --at best --json\n"
    "  lancekeep ls weights.lance --dtype float32   (a recipe dataset; else its tensors are "
    "float64)\n"
    "  lancekeep ls images.lance                    (any Lance dataset: its columns)\n";

struct LsOptions {
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
    table.add({tensor.name, tensor.dtype, tensor.is_tensor() ? shape_text(tensor.shape) : "-",
               human_bytes(tensor.nbytes),
               tensor.damage.empty() ? tensor.tied_to.value_or("") : "damaged: " + tensor.damage});
  }
  const VersionInfo& info = version.info();
  print(table.text() + fmt::format("version {}: {}, {}\n", info.number,
                                   counted(info.tensors, "tensor"), human_bytes(info.bytes_total)));
}

Json as_json(const LsOptions& options, const Version& version) {
  Json tensors = Json::array();
  for (const TensorInfo& tensor : version.tensors()) tensors.push_back(to_json(tensor));
  return Json{{"store", options.version.store},
              {"version", version.number()},
              {"layout", layout_name(version.info().layout)},
              {"bytes_total", version.info().bytes_total},
              {"tensors", std::move(tensors)},
              {"warning", warning_of(version)}};
}

ExitCode list_tensors(const LsOptions& options, const Version& version, bool json) {
  if (json) {
    print_json(as_json(options, version));
  } else {
    print_text(version);
  }
  const bool damaged = std::ranges::any_of(
      version.tensors(), [](const TensorInfo& tensor) { return !tensor.damage.empty(); });
  return damaged ? ExitCode::finding : ExitCode::ok;
}

ExitCode list_columns(const LsOptions& options, const TableInfo& table, bool json) {
  print_columns(options.version.store, table, json);
  return ExitCode::ok;
}

// Whether the version keeps no model, and so has columns alone to list.
std::optional<TableInfo> without_model(const LsOptions& options, const Error& error) {
  if (error.code() != ErrorCode::invalid_argument) return std::nullopt;
  TableInfo table = table_info(options.version.store, Ref::parse(options.version.at));
  if (table.layout) return std::nullopt;
  return table;
}

ExitCode run(const LsOptions& options, bool json) {
  const VersionChoice& chosen = options.version;
  if (options.columns)
    return list_columns(options, table_info(chosen.store, Ref::parse(chosen.at)), json);
  try {
    return list_tensors(options, open_version(chosen, json), json);
  } catch (const Error& error) {
    const std::optional<TableInfo> table = without_model(options, error);
    if (!table) throw;
    return list_columns(options, *table, json);
  }
}

}  // namespace

void add_ls(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "ls", "List the tensors of a version", kExamples);
  auto options = std::make_shared<LsOptions>();
  add_store(*verb, options->version.store);
  add_at(*verb, options->version.at);
  CLI::Option* dtype = add_dtype(*verb, options->version.dtype);
  verb->add_flag("--columns", options->columns,
                 "The dataset's columns, and which of them are decoded; so also where it keeps no "
                 "model")
      ->excludes(dtype);
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
