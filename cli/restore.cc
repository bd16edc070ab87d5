// SPDX-License-Identifier: Apache-2.0
// lancekeep restore: makes an earlier version the latest again, as a new version.
#include <lancekeep/store.h>

#include "cli/arguments.h"
#include "cli/failure.h"
#include "cli/json.h"
#include "cli/output.h"

#include <fmt/format.h>

#include <memory>

namespace lancekeep::cli {
namespace {

struct RestoreLine {
  std::string store;
  std::string ref;
};

ExitCode run_restore(const RestoreLine& line, bool json) {
  const InterruptScope scope;
  std::vector<std::string> notes;
  const std::uint64_t version = Store::open(line.store).restore(Ref::parse(line.ref), &notes);
  if (json) {
    print_json(Json::object(
        {{"store", line.store}, {"restored", line.ref}, {"version", version}, {"notes", notes}}));
  } else {
    print(fmt::format("version {} of {}: restored from {}\n", version, escape_line(line.store),
                      escape_line(line.ref)));
    for (const std::string& note : notes) print_note(note);
  }
  return ExitCode::ok;
}

}  // namespace

void add_restore(CommandLine& command) {
  Verb verb = command.add_verb("restore",
                               "Make an earlier version the latest again, without copying data", R"(
  lancekeep restore model.lance 3
  lancekeep restore model.lance best

The new version keeps the message and the metadata of the old one, and says restored_from.
)");
  auto line = std::make_shared<RestoreLine>();
  verb.store(line->store);
  verb.positional("REF", line->ref, "The version: its number or a tag").required();
  verb.runs([line](bool json) { return run_restore(*line, json); });
}

}  // namespace lancekeep::cli
