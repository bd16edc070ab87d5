// SPDX-License-Identifier: Apache-2.0
#include "cli/verb.h"

namespace lancekeep::cli {

CLI::App* add_verb(CLI::App& app, Command& command, const std::string& name,
                   const std::string& summary, const std::string& examples) {
  CLI::App* verb = app.add_subcommand(name, summary);
  verb->add_flag("--json", command.json,
                 "Print one JSON document (on stdout; an error: on stderr)");
  verb->footer("Examples:\n" + examples);
  verb->group("Verbs");
  return verb;
}

CLI::Option* add_store(CLI::App& verb, std::string& store) {
  return verb.add_option("STORE", store, "Folder of the store")->required()->type_name("");
}

CLI::Option* add_at(CLI::App& verb, std::string& ref) {
  return verb.add_option("--at", ref, "Version: a number, a tag, or latest (the default)")
      ->type_name("REF");
}

CLI::Option* add_dtype(CLI::App& verb, std::string& dtype) {
  return verb
      .add_option("--dtype", dtype,
                  "What the numbers of a recipe dataset become, as float32 (the default: float64)")
      ->type_name("DTYPE");
}

CLI::Option* add_layout(CLI::App& verb, std::optional<Layout>& layout,
                        const std::string& description) {
  return verb
      .add_option_function<std::string>(
          "--layout",
          [&layout](const std::string& name) {
            layout = name == "plain" ? Layout::plain : Layout::native;
          },
          description)
      ->check(CLI::IsMember({"native", "plain"}))
      ->type_name("LAYOUT");
}

}  // namespace lancekeep::cli
