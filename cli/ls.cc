// SPDX-License-Identifier: Apache-2.0
// lancekeep ls: the tensors of a version.
#include "cli/open_version.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <lancekeep/store.h>

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep ls model.lance\n"
    "  lancekeep ls model.lance --at best --json\n";

struct LsOptions {
  std::string store;
  std::string at = "latest";
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
  return Json{{"store", options.store},
              {"version", version.number()},
              {"bytes_total", version.info().bytes_total},
              {"tensors", std::move(tensors)},
              {"warning", warning_of(version)}};
}

ExitCode run(const LsOptions& options, bool json) {
  const Version version = open_version(options.store, options.at, json);
  if (json) {
    print_json(as_json(options, version));
  } else {
    print_text(version);
  }
  const bool damaged = std::ranges::any_of(
      version.tensors(), [](const TensorInfo& tensor) { return !tensor.damage.empty(); });
  return damaged ? ExitCode::finding : ExitCode::ok;
}

}  // namespace

void add_ls(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "ls", "List the tensors of a version", kExamples);
  auto options = std::make_shared<LsOptions>();
  add_store(*verb, options->store);
  add_at(*verb, options->at);
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
