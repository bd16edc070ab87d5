// SPDX-License-Identifier: Apache-2.0
// How a verb joins the command line: its add_ function declares options and help, and leaves in
// Command::run what main() calls once the whole line has been parsed.
#pragma once

#include <lancekeep/store.h>

#include "cli/exit_code.h"

#include <CLI/CLI.hpp>

#include <functional>
#include <optional>
#include <string>

namespace lancekeep::cli {

struct Command {
  bool json = false;              ///< one JSON document on stdout instead of text
  std::function<ExitCode()> run;  ///< set by the verb that the line names
};

/// Declares a verb with what all verbs share: --json, and examples below its help.
CLI::App* add_verb(CLI::App& app, Command& command, const std::string& name,
                   const std::string& summary, const std::string& examples);

/// What several verbs take: the positional STORE, --at REF, --dtype DTYPE and --layout LAYOUT.
CLI::Option* add_store(CLI::App& verb, std::string& store);
CLI::Option* add_at(CLI::App& verb, std::string& ref);
CLI::Option* add_dtype(CLI::App& verb, std::string& dtype);
CLI::Option* add_layout(CLI::App& verb, std::optional<Layout>& layout,
                        const std::string& description);

void add_import(CLI::App& app, Command& command);
void add_export(CLI::App& app, Command& command);
void add_ls(CLI::App& app, Command& command);
void add_show(CLI::App& app, Command& command);
void add_log(CLI::App& app, Command& command);
void add_restore(CLI::App& app, Command& command);
void add_diff(CLI::App& app, Command& command);
void add_tag(CLI::App& app, Command& command);
void add_verify(CLI::App& app, Command& command);
void add_gc(CLI::App& app, Command& command);
void add_du(CLI::App& app, Command& command);
void add_dump(CLI::App& app, Command& command);

}  // namespace lancekeep::cli
