// SPDX-License-Identifier: Apache-2.0
// lancekeep du: what a store takes on the disk, and what of it each version.
#include <lancekeep/store.h>

#include "cli/output.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>

#include <algorithm>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep du model.lance\n"
    "  lancekeep du model.lance --json\n"
    "\nA version stands on files that it may share with others; those that only it names (own)\n"
    "are what its removal would free.\n";

// What is known of each version besides its files, by number.
using Infos = std::map<std::uint64_t, VersionInfo>;

Infos infos_of(const Store& store) {
  Infos infos;
  for (VersionInfo& info : store.versions()) infos.emplace(info.number, std::move(info));
  return infos;
}

bool is_damaged(const Infos& infos, std::uint64_t number) {
  const auto info = infos.find(number);
  return info != infos.end() && !info->second.damage.empty();
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
    if (is_damaged(infos, version.number)) {
      table.add({number, "", "", "", "damaged"});
    } else {
      table.add({number, tensor_bytes(infos, version.number), human_bytes(version.bytes),
                 human_bytes(version.exclusive), ""});
    }
  }
  print((usage.versions.empty() ? "" : table.text()) + sum_line("on disk", usage.bytes) +
        sum_line("values", usage.values) + sum_line("bookkeeping", usage.bookkeeping) +
        sum_line("unreachable", usage.unreachable));
  for (const std::string& note : usage.notes) print_note(note);
}

Json as_json(const std::string& store, const DiskUsage& usage, const Infos& infos) {
  Json versions = Json::array();
  for (const DiskUsage::OfVersion& version : usage.versions) {
    const auto info = infos.find(version.number);
    versions.push_back(
        {{"number", version.number},
         {"bytes_total", info == infos.end() ? Json() : Json(info->second.bytes_total)},
         {"bytes", version.bytes},
         {"exclusive", version.exclusive},
         {"damage", is_damaged(infos, version.number) ? Json(info->second.damage) : Json()}});
  }
  return {{"store", store},
          {"bytes", usage.bytes},
          {"values", usage.values},
          {"bookkeeping", usage.bookkeeping},
          {"unreachable", usage.unreachable},
          {"versions", std::move(versions)},
          {"notes", Json(usage.notes)}};
}

ExitCode run(const std::string& path, bool json) {
  const Store store = Store::open(path);
  const DiskUsage usage = store.disk_usage();
  const Infos infos = infos_of(store);
  if (json) {
    print_json(as_json(path, usage, infos));
  } else {
    print_text(usage, infos);
  }
  const bool damaged = std::ranges::any_of(
      usage.versions,
      [&](const DiskUsage::OfVersion& version) { return is_damaged(infos, version.number); });
  return damaged ? ExitCode::finding : ExitCode::ok;
}

}  // namespace

void add_du(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(
      app, command, "du", "Show what a store takes on the disk, and each version of it", kExamples);
  auto store = std::make_shared<std::string>();
  add_store(*verb, *store);
  verb->callback(
      [store, &command] { command.run = [store, &command] { return run(*store, command.json); }; });
}

}  // namespace lancekeep::cli
