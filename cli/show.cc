// SPDX-License-Identifier: Apache-2.0
// lancekeep show: what is known of one version.
#include <lancekeep/store.h>

#include "cli/escape.h"
#include "cli/open_version.h"
#include "cli/origin.h"
#include "cli/output.h"
#include "cli/units.h"
#include "cli/verb.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep show model.lance\n"
    "  lancekeep show model.lance --at 3\n";

std::string field(const char* name, const std::string& value) {
  return fmt::format("{:<9}{}\n", name, escape_line(value));
}

// "18.8 MB (18812345 bytes)"
std::string exact_size(std::uint64_t bytes) {
  const std::string human = human_bytes(bytes);
  return bytes < 1000 ? human : fmt::format("{} ({} bytes)", human, bytes);
}

std::string text(const VersionInfo& info) {
  std::string out = field("version", std::to_string(info.number));
  out += field("layout", layout_name(info.layout));
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

ExitCode run(const VersionChoice& options, bool json) {
  const Version version = open_version(options, json);
  if (json) {
    Json document = {{"store", options.store}};
    document.update(to_json(version.info()));
    print_json(document);
  } else {
    print(text(version.info()));
  }
  return ExitCode::ok;
}

}  // namespace

void add_show(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "show",
                            "Show one version: message, metadata, tags, counts, bytes", kExamples);
  auto options = std::make_shared<VersionChoice>();
  add_store(*verb, options->store);
  add_at(*verb, options->at);
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
