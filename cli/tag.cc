// SPDX-License-Identifier: Apache-2.0
// lancekeep tag: lists, sets and deletes the tags of versions.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/failure.h"
#include "cli/json.h"
#include "cli/output.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>

namespace lancekeep::cli {
namespace {

struct TagLine {
  std::string store;
  std::string name;
  std::string at = "latest";
  std::string deleted;
  std::optional<std::uint64_t> expected;
  bool force = false;
};

void list_tags(const TagLine& line, bool json) {
  const std::map<std::string, std::uint64_t> tags = Store::open(line.store).tags();
  if (json) return print_json(Json::object({{"store", line.store}, {"tags", tags}}));
  if (tags.empty()) return;
  Table table({{"tag", Table::Align::left}, {"version", Table::Align::right}});
  for (const auto& [name, version] : tags) table.add({name, std::to_string(version)});
  print(table.text());
}

std::uint64_t set_in_store(const TagLine& line) {
  const InterruptScope scope;
  try {
    return Store::open(line.store).tag(line.name, Ref::parse(line.at), line.force, line.expected);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::already_exists) throw;
    throw with_outcome(error, "--force moves it");
  }
}

void set_tag(const TagLine& line, bool json) {
  const std::uint64_t version = set_in_store(line);
  if (json) {
    return print_json(
        Json::object({{"store", line.store}, {"tag", line.name}, {"version", version}}));
  }
  print(fmt::format("tag {}: version {}\n", escape_line(line.name), version));
}

void delete_tag(const TagLine& line, bool json) {
  const InterruptScope scope;
  Store::open(line.store).untag(line.deleted);
  if (json) return print_json(Json::object({{"store", line.store}, {"deleted", line.deleted}}));
  print(fmt::format("tag {}: deleted\n", escape_line(line.deleted)));
}

}  // namespace

void add_tag(CommandLine& command) {
  Verb verb = command.add_verb("tag", "List, set or delete the tags of versions", R"(
  lancekeep tag model.lance                  (lists the tags)
  lancekeep tag model.lance best --at 3
  lancekeep tag model.lance best --force     (moves it to the latest version)
  lancekeep tag model.lance best --expect 3  (moves it only if it points to version 3)
  lancekeep tag model.lance -d best
)");
  auto line = std::make_shared<TagLine>();
  verb.store(line->store);
  const Argument name =
      verb.positional("NAME", line->name, "Tag to set; if it is not given, the tags are listed");
  verb.at(line->at).needs(name);
  const Argument force =
      verb.flag("--force", line->force, "Move the tag if it already exists").needs(name);
  verb.option("--expect", "VERSION", line->expected,
              "Move the tag only if it currently points to VERSION")
      .needs(name)
      .excludes(force);
  const Argument deleted =
      verb.option("-d,--delete", "NAME", line->deleted, "Tag to delete").excludes(name);
  verb.runs([line, name, deleted](bool json) {
    if (deleted.given()) {
      delete_tag(*line, json);
    } else if (name.given()) {
      set_tag(*line, json);
    } else {
      list_tags(*line, json);
    }
    return ExitCode::ok;
  });
}

}  // namespace lancekeep::cli
