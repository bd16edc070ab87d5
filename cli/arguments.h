// SPDX-License-Identifier: Apache-2.0
// The command line: its verbs, and the arguments that each declares. arguments.cc alone includes the
// parser, which takes long to compile. Handles are valid as long as their CommandLine; what a verb
// binds an argument to must outlive run(). One thread.
#pragma once

#include <lancekeep/store.h>

#include "cli/failure.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lancekeep::cli {

/// A declared argument. What can be said of it returns it again.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}
  Argument& required();
  Argument& excludes(const Argument& other);
  Argument& needs(const Argument& other);
  /// `why_not` returns why a value is refused; empty: it is accepted.
  Argument& check(std::function<std::string(const std::string& value)> why_not);
  /// Leaves it out of the help, as an older name is.
  Argument& hidden();
  /// Whether the line has it. Only while the verb runs.
  [[nodiscard]] bool given() const;

 private:
  CLI::Option* option_;
};

/// What a CommandLine runs when the line has been parsed.
struct Chosen {
  bool json = false;  ///< --json: one JSON document on stdout instead of text
  std::function<ExitCode(bool json)> run;
};

class Verb {
 public:
  Verb(CLI::App& app, Chosen& chosen) : app_(&app), chosen_(&chosen) {}

  /// Values by their place on the line. A vector takes all that are left.
  Argument positional(const std::string& name, std::string& value, const std::string& help);
  Argument positional(const std::string& name, std::vector<std::string>& values,
                      const std::string& help);
  /// `FILE... STORE`: the last value on the line, and one or more before it.
  void files_and_store(std::vector<std::string>& files, const std::string& files_help,
                       std::string& store, const std::string& store_help);

  /// `--name TYPE`, or `-n,--name TYPE`. A vector collects the values of a repeated option.
  Argument option(const std::string& names, const std::string& type, std::string& value,
                  const std::string& help);
  Argument option(const std::string& names, const std::string& type,
                  std::optional<std::string>& value, const std::string& help);
  Argument option(const std::string& names, const std::string& type,
                  std::optional<std::uint64_t>& value, const std::string& help);
  Argument option(const std::string& names, const std::string& type,
                  std::vector<std::string>& values, const std::string& help);
  Argument flag(const std::string& names, bool& value, const std::string& help);

  /// What several verbs take: STORE, --at REF, --dtype DTYPE, --layout LAYOUT, --quiet.
  Argument store(std::string& store);
  Argument at(std::string& ref);
  Argument dtype(std::string& dtype);
  Argument layout(std::optional<Layout>& layout, const std::string& help);
  Argument quiet(bool& quiet, const std::string& help = "Print nothing but errors");

  /// What the verb does, called at most once.
  void runs(std::function<ExitCode(bool json)> run);

 private:
  CLI::App* app_;
  Chosen* chosen_;
};

class CommandLine {
 public:
  CommandLine(const std::string& summary, const std::string& footer);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// A verb with --json. `examples` starts with a line feed.
  [[nodiscard]] Verb add_verb(const std::string& name, const std::string& summary,
                              const std::string& examples);
  /// Runs the verb that the line names, or prints the help or the version that it asks for.
  /// @throws Error invalid_argument for a line that cannot be understood.
  [[nodiscard]] ExitCode run(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
  Chosen chosen_;
};

/// The verbs, each in the file of its name.
void add_import(CommandLine& line);
void add_export(CommandLine& line);
void add_ls(CommandLine& line);
void add_show(CommandLine& line);
void add_log(CommandLine& line);
void add_diff(CommandLine& line);
void add_tag(CommandLine& line);
void add_restore(CommandLine& line);
void add_verify(CommandLine& line);
void add_gc(CommandLine& line);
void add_du(CommandLine& line);
void add_dump(CommandLine& line);

}  // namespace lancekeep::cli
