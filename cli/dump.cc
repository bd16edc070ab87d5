// SPDX-License-Identifier: Apache-2.0
// lancekeep dump: any Lance file's metadata as JSON.
#include "cli/escape.h"
#include "cli/output.h"
#include "cli/verb.h"

#include <lancekeep/dump.h>

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep dump model.lance                 (its latest manifest)\n"
    "  lancekeep dump model.lance/data/*.lance     (where the store has one data file)\n";

}  // namespace

void add_dump(CLI::App& app, Command& command) {
  CLI::App* verb =
      add_verb(app, command, "dump", "Print a Lance file's metadata as JSON", kExamples);
  auto path = std::make_shared<std::string>();
  verb->add_option("PATH", *path, "Manifest, transaction or data file, or a store's folder")
      ->required()
      ->type_name("");
  verb->callback([path, &command] {
    command.run = [path] {
      std::string text = escape_json(dump(*path));
      if (!text.ends_with('\n')) text += '\n';
      print(text);
      return ExitCode::ok;
    };
  });
}

}  // namespace lancekeep::cli
