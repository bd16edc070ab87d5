// SPDX-License-Identifier: Apache-2.0
// lancekeep dump: the metadata of any Lance file, or of a version of any dataset, as JSON.
#include <lancekeep/dump.h>

#include "cli/escape.h"
#include "cli/output.h"
#include "cli/verb.h"

namespace lancekeep::cli {
namespace {

constexpr const char* kExamples =
    "  lancekeep dump model.lance                 (its latest manifest, and its data files)\n"
    "  lancekeep dump model.lance --at 3\n"
    "  lancekeep dump model.lance/data/*.lance     (where the store has one data file)\n"
    "\nAny Lance dataset will do. A column \"decodes\" or not, and \"why\" not.\n";

struct DumpOptions {
  std::string path;
  std::string at = "latest";
};

ExitCode run(const DumpOptions& options) {
  std::string text = escape_json(dump(options.path, Ref::parse(options.at)));
  if (!text.ends_with('\n')) text += '\n';
  print(text);
  return ExitCode::ok;
}

}  // namespace

void add_dump(CLI::App& app, Command& command) {
  CLI::App* verb =
      add_verb(app, command, "dump", "Print a Lance file's metadata as JSON", kExamples);
  auto options = std::make_shared<DumpOptions>();
  verb->add_option("PATH", options->path,
                   "Manifest, transaction or data file, or a dataset's folder")
      ->required()
      ->type_name("");
  add_at(*verb, options->at);
  verb->callback([options, &command] { command.run = [options] { return run(*options); }; });
}

}  // namespace lancekeep::cli
