// SPDX-License-Identifier: Apache-2.0
// lancekeep restore: an earlier version becomes the latest one again, as a new version.
#include <lancekeep/store.h>

#include "cli/escape.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep restore model.lance 3\n"
    "  lancekeep restore model.lance best\n";

struct RestoreOptions {
  std::string store;
  std::string ref;
};

ExitCode run(const RestoreOptions& options, bool json) {
  const std::uint64_t version = Store::open(options.store).restore(Ref::parse(options.ref));
  if (json) {
    print_json(Json{{"store", options.store}, {"restored", options.ref}, {"version", version}});
  } else {
    print(fmt::format("version {} of {}: restored from {}\n", version, escape_line(options.store),
                      escape_line(options.ref)));
  }
  return ExitCode::ok;
}

}  // namespace

void add_restore(CLI::App& app, Command& command) {
  CLI::App* verb = add_verb(app, command, "restore",
                            "Make an earlier version the latest again; copies nothing", kExamples);
  auto options = std::make_shared<RestoreOptions>();
  add_store(*verb, options->store);
  verb->add_option("REF", options->ref, "The version: its number or a tag")
      ->required()
      ->type_name("");
  verb->callback([options, &command] {
    command.run = [options, &command] { return run(*options, command.json); };
  });
}

}  // namespace lancekeep::cli
