// SPDX-License-Identifier: Apache-2.0
// lancekeep tag: list, set and delete the names of versions.
#include <lancekeep/store.h>

#include "cli/escape.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep tag model.lance                  (lists the tags)\n"
    "  lancekeep tag model.lance best --at 3\n"
    "  lancekeep tag model.lance best --force     (moves it to the latest version)\n"
    "  lancekeep tag model.lance best --expect 3  (moves it only if it stands for 3)\n"
    "  lancekeep tag model.lance -d best\n";

struct TagOptions {
  std::string store;
  std::string name;
  std::string at = "latest";
  std::string deleted;
  std::optional<std::uint64_t> expected;
  bool force = false;
};

void list(const Store& store, const TagOptions& options, bool json) {
  const std::map<std::string, std::uint64_t> tags = store.tags();
  if (json) return print_json(Json{{"store", options.store}, {"tags", Json(tags)}});
  if (tags.empty()) return;
  Table table({{"tag", Table::Align::left}, {"version", Table::Align::right}});
  for (const auto& [name, version] : tags) table.add({name, std::to_string(version)});
  print(table.text());
}

void set(Store& store, const TagOptions& options, bool json) {
  const std::uint64_t version =
      store.tag(options.name, Ref::parse(options.at), options.force, options.expected);
  if (json)
    return print_json(Json{{"store", options.store}, {"tag", options.name}, {"version", version}});
  print(fmt::format("tag {}: version {}\n", escape_line(options.name), version));
}

void remove(Store& store, const TagOptions& options, bool json) {
  store.untag(options.deleted);
  if (json) return print_json(Json{{"store", options.store}, {"deleted", options.deleted}});
  print(fmt::format("tag {}: deleted\n", escape_line(options.deleted)));
}

}  // namespace

void add_tag(CLI::App& app, Command& command) {
  CLI::App* verb =
      add_verb(app, command, "tag", "List, set or delete the tags of versions", kExamples);
  auto options = std::make_shared<TagOptions>();
  add_store(*verb, options->store);
  CLI::Option* name =
      verb->add_option("NAME", options->name, "Tag to set; without it, tags are listed")
          ->type_name("");
  add_at(*verb, options->at)->needs(name);
  verb->add_flag("--force", options->force, "Move the tag where it exists")->needs(name);
  verb->add_option("--expect", options->expected, "Move the tag if it stands for this version")
      ->type_name("VERSION")
      ->needs(name)
      ->excludes("--force");
  CLI::Option* deleted = verb->add_option("-d,--delete", options->deleted, "Tag to delete")
                             ->type_name("NAME")
                             ->excludes(name);
  verb->callback([options, &command, name, deleted] {
    command.run = [options, &command, sets = name->count() > 0, deletes = deleted->count() > 0] {
      Store store = Store::open(options->store);
      if (deletes) {
        remove(store, *options, command.json);
      } else if (sets) {
        set(store, *options, command.json);
      } else {
        list(store, *options, command.json);
      }
      return ExitCode::ok;
    };
  });
}

}  // namespace lancekeep::cli
