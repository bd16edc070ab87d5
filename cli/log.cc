// SPDX-License-Identifier: Apache-2.0
// lancekeep log: the versions of a store, newest first.
#include <lancekeep/store.h>

#include "cli/origin.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep log model.lance\n"
    "  lancekeep log model.lance --json\n";

// Bytes of all versions: what they took on disk, and what as many full copies would have.
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
    if (!version.damage.empty()) {
      table.add({std::to_string(version.number), "", "", "", "",
                 fmt::format("{}", fmt::join(version.tags, ",")), "damaged: " + version.damage});
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

Json as_json(const std::string& store, const std::vector<VersionInfo>& versions) {
  Json rows = Json::array();
  for (const VersionInfo& version : versions) rows.push_back(to_json(version));
  const Sums sums = sums_of(versions);
  return Json{{"store", store},
              {"bytes_total", sums.total},
              {"bytes_added", sums.added},
              {"versions", std::move(rows)}};
}

ExitCode run(const std::string& store, bool json) {
  std::vector<VersionInfo> versions = Store::open(store).versions();
  std::reverse(versions.begin(), versions.end());
  if (json) {
    print_json(as_json(store, versions));
  } else {
    print_text(versions);
  }
  const bool damaged = std::ranges::any_of(
      versions, [](const VersionInfo& version) { return !version.damage.empty(); });
  return damaged ? ExitCode::finding : ExitCode::ok;
}

}  // namespace

void add_log(CLI::App& app, Command& command) {
  CLI::App* verb =
      add_verb(app, command, "log", "List the versions of a store, newest first", kExamples);
  auto store = std::make_shared<std::string>();
  add_store(*verb, *store);
  verb->callback(
      [store, &command] { command.run = [store, &command] { return run(*store, command.json); }; });
}

}  // namespace lancekeep::cli
