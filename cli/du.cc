// SPDX-License-Identifier: Apache-2.0
// lancekeep du: shows how much disk space a store and each of its versions use.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

namespace lancekeep::cli {
namespace {

// By version number.
using Infos = std::map<std::uint64_t, VersionInfo>;

Infos infos_of(const Store& store) {
  Infos infos;
  for (VersionInfo& info : store.versions()) infos.emplace(info.number, std::move(info));
  return infos;
}

// What keeps the version from being used, in a word or two; empty if nothing does.
std::string problem_of(const Infos& infos, std::uint64_t number) {
  const auto info = infos.find(number);
  const std::string text = info == infos.end() ? "" : problem_text(info->second);
  return text.substr(0, text.find(':'));
}

std::string tensor_bytes(const Infos& infos, std::uint64_t number) {
  const auto info = infos.find(number);
  return info == infos.end() ? "" : human_bytes(info->second.bytes_total);
}

std::string sum_line(const char* name, std::uint64_t bytes) {
  return fmt::format("{:<12} {:>8}\n", name, human_bytes(bytes));
}

void print_text(const DiskUsage& usage, const Infos& infos) {
  using Align = Table::Align;
  Table table({{"version", Align::right},
               {"tensors", Align::right},
               {"on disk", Align::right},
               {"own", Align::right},
               {"", Align::left}});
  for (const DiskUsage::OfVersion& version : usage.versions) {
    const std::string number = std::to_string(version.number);
    if (const std::string problem = problem_of(infos, version.number); !problem.empty()) {
      table.add({number, "", "", "", problem});
    } else {
      table.add({number, tensor_bytes(infos, version.number), human_bytes(version.bytes),
                 human_bytes(version.exclusive), ""});
    }
  }
  print((usage.versions.empty() ? "" : table.text()) + sum_line("on disk", usage.bytes) +
        sum_line("values", usage.values) + sum_line("bookkeeping", usage.bookkeeping) +
        sum_line("unreachable", usage.unreachable) +
        (usage.beside == 0 ? "" : sum_line("beside it", usage.beside)));
  for (const std::string& note : usage.notes) print_note(note);
}

Json to_json(const std::string& store, const DiskUsage& usage, const Infos& infos) {
  Json::Array versions;
  for (const DiskUsage::OfVersion& version : usage.versions) {
    const auto info = infos.find(version.number);
    const bool is_known = info != infos.end();
    versions.push_back(
        Json::object({{"number", version.number},
                      {"bytes_total", is_known ? Json(info->second.bytes_total) : Json()},
                      {"bytes", version.bytes},
                      {"exclusive", version.exclusive},
                      {"damage", is_known ? text_or_null(info->second.damage) : Json()},
                      {"unchecked", is_known ? text_or_null(info->second.unchecked) : Json()},
                      {"not_read", is_known ? text_or_null(info->second.not_read) : Json()}}));
  }
  return Json::object({{"store", store},
                       {"bytes", usage.bytes},
                       {"values", usage.values},
                       {"bookkeeping", usage.bookkeeping},
                       {"unreachable", usage.unreachable},
                       {"beside", usage.beside},
                       {"versions", std::move(versions)},
                       {"notes", usage.notes}});
}

ExitCode run_du(const std::string& path, bool json) {
  const Store store = Store::open(path);
  const DiskUsage usage = store.disk_usage();
  const Infos infos = infos_of(store);
  if (json) {
    print_json(to_json(path, usage, infos));
  } else {
    print_text(usage, infos);
  }
  std::vector<VersionInfo> versions;
  for (const auto& [number, info] : infos) versions.push_back(info);
  return exit_code(versions);
}

}  // namespace

void add_du(CommandLine& command) {
  Verb verb =
      command.add_verb("du", "Show how much disk space a store and each of its versions use", R"(
  lancekeep du model.lance
  lancekeep du model.lance --json

Versions share files. "own" is what removing that version alone would free. "beside it" is what
killed replacements left beside the store.
)");
  auto store = std::make_shared<std::string>();
  verb.store(*store);
  verb.runs([store](bool json) { return run_du(*store, json); });
}

}  // namespace lancekeep::cli
