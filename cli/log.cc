// SPDX-License-Identifier: Apache-2.0
// lancekeep log: lists the versions of a store, newest first.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

namespace lancekeep::cli {
namespace {

// Bytes of all versions: on disk, and if each were a full copy.
struct Sums {
  std::uint64_t added = 0;
  std::uint64_t total = 0;
};

Sums sums_of(const std::vector<VersionInfo>& versions) {
  Sums sums;
  for (const VersionInfo& version : versions) {
    sums.added += version.bytes_added;
    sums.total += version.bytes_total;
  }
  return sums;
}

void print_text(const std::vector<VersionInfo>& versions) {
  using Align = Table::Align;
  Table table({{"version", Align::right},
               {"time", Align::left},
               {"tensors", Align::right},
               {"total", Align::right},
               {"added", Align::right},
               {"tags", Align::left},
               {"message", Align::left}});
  for (const VersionInfo& version : versions) {
    if (const std::string problem = problem_text(version); !problem.empty()) {
      table.add({std::to_string(version.number), "", "", "", "",
                 fmt::format("{}", fmt::join(version.tags, ",")), problem});
      continue;
    }
    table.add({std::to_string(version.number), time_text(version), std::to_string(version.tensors),
               human_bytes(version.bytes_total), human_bytes(version.bytes_added),
               fmt::format("{}", fmt::join(version.tags, ",")), version.message});
  }
  const Sums sums = sums_of(versions);
  const std::string rows = versions.empty() ? "" : table.text();
  print(rows + fmt::format("{}: {} on disk for {} of tensors\n",
                           counted(versions.size(), "version"), human_bytes(sums.added),
                           human_bytes(sums.total)));
}

Json to_json(const std::string& store, const std::vector<VersionInfo>& versions) {
  Json::Array rows;
  for (const VersionInfo& version : versions) rows.push_back(cli::to_json(version));
  const Sums sums = sums_of(versions);
  return Json::object({{"store", store},
                       {"bytes_total", sums.total},
                       {"bytes_added", sums.added},
                       {"versions", std::move(rows)}});
}

ExitCode run_log(const std::string& store, bool json) {
  std::vector<VersionInfo> versions = Store::open(store).versions();
  std::reverse(versions.begin(), versions.end());
  if (json) {
    print_json(to_json(store, versions));
  } else {
    print_text(versions);
  }
  return exit_code(versions);
}

}  // namespace

void add_log(CommandLine& command) {
  Verb verb = command.add_verb("log", "List the versions of a store, newest first", R"(
  lancekeep log model.lance
  lancekeep log model.lance --json
)");
  auto store = std::make_shared<std::string>();
  verb.store(*store);
  verb.runs([store](bool json) { return run_log(*store, json); });
}

}  // namespace lancekeep::cli
