// SPDX-License-Identifier: Apache-2.0
// lancekeep dump: prints the metadata of any Lance file, or of a version of any dataset, as JSON.
#include <lancekeep/dump.h>

#include "cli/arguments.h"
#include "cli/output.h"

#include <memory>
#include <string>

namespace lancekeep::cli {
namespace {

struct DumpLine {
  std::string path;
  std::string at = "latest";
};

ExitCode run_dump(const DumpLine& line) {
  std::string text = escape_json(dump(line.path, Ref::parse(line.at)));
  if (!text.ends_with('\n')) text += '\n';
  print(text);
  return ExitCode::ok;
}

}  // namespace

void add_dump(CommandLine& command) {
  Verb verb = command.add_verb("dump", "Print a Lance file's metadata as JSON", R"(
  lancekeep dump model.lance                 (its latest manifest, and its data files)
  lancekeep dump model.lance --at 3
  lancekeep dump model.lance/data/*.lance    (if the store has a single data file)

Reads any Lance dataset. For each column, "decodes" says whether Lancekeep can read it; if not,
"why" gives the reason.
)");
  auto line = std::make_shared<DumpLine>();
  verb.positional("PATH", line->path, "Manifest, transaction or data file, or a dataset's folder")
      .required();
  verb.at(line->at);
  verb.runs([line](bool) { return run_dump(*line); });
}

}  // namespace lancekeep::cli
