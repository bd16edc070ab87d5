// SPDX-License-Identifier: Apache-2.0
// lancekeep show: prints the message, metadata, tags, counts and bytes of one version.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/versions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

namespace lancekeep::cli {
namespace {

std::string field(const char* name, const std::string& value) {
  return fmt::format("{:<9}{}\n", name, escape_line(value));
}

// "18.8 MB (18812345 bytes)"
std::string exact_size(std::uint64_t bytes) {
  const std::string human = human_bytes(bytes);
  return bytes < 1000 ? human : fmt::format("{} ({} bytes)", human, bytes);
}

std::string show_text(const VersionInfo& info) {
  std::string out = field("version", std::to_string(info.number));
  out += field("layout", to_string(info.layout));
  out += field("time", time_text(info));
  if (!info.tags.empty()) out += field("tags", fmt::format("{}", fmt::join(info.tags, ", ")));
  out += field("tensors", std::to_string(info.tensors));
  out += field("total", exact_size(info.bytes_total));
  out += field("added", exact_size(info.bytes_added));
  if (!info.message.empty()) out += field("message", info.message);
  if (!info.metadata.empty()) out += "metadata\n";
  for (const auto& [key, value] : info.metadata) {
    out += fmt::format("  {}={}\n", escape_line(key), escape_line(value));
  }
  return out;
}

ExitCode run_show(const VersionChoice& chosen, bool json) {
  const Version version = open_version(chosen, json);
  if (json) {
    print_json(Json::object({{"store", chosen.store}}).add(cli::to_json(version.info())));
  } else {
    print(show_text(version.info()));
  }
  return ExitCode::ok;
}

}  // namespace

void add_show(CommandLine& command) {
  Verb verb =
      command.add_verb("show", "Show one version: message, metadata, tags, counts, bytes", R"(
  lancekeep show model.lance
  lancekeep show model.lance --at 3
)");
  auto chosen = std::make_shared<VersionChoice>();
  verb.store(chosen->store);
  verb.at(chosen->at);
  verb.runs([chosen](bool json) { return run_show(*chosen, json); });
}

}  // namespace lancekeep::cli
