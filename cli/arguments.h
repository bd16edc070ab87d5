// SPDX-License-Identifier: Apache-2.0
// The command line: its verbs, and the arguments that each verb declares. Only arguments.cc
// includes the parser, which takes long to compile. Handles are valid as long as their CommandLine.
// The variables that a verb binds its arguments to must outlive run(). One thread.
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

/// A declared argument. The functions that add a rule return the argument, so calls can be chained.
class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}
  Argument& required();
  Argument& excludes(const Argument& other);
  Argument& needs(const Argument& other);
  /// `why_not` returns why it rejects a value, or an empty string to accept it.
  Argument& check(std::function<std::string(const std::string& value)> why_not);
  /// Leaves the argument out of the help, for example because it is the old name of another one.
  Argument& hidden();
  /// Whether the command line has the argument. Call this only while the verb runs.
  [[nodiscard]] bool given() const;

 private:
  CLI::Option* option_;
};

/// What a CommandLine runs after parsing.
struct Chosen {
  bool json = false;  ///< --json: one JSON document on stdout instead of text
  std::function<ExitCode(bool json)> run;
};

class Verb {
 public:
  Verb(CLI::App& app, Chosen& chosen) : app_(&app), chosen_(&chosen) {}

  /// A value identified by its position on the command line. A vector takes all remaining values.
  Argument positional(const std::string& name, std::string& value, const std::string& help);
  Argument positional(const std::string& name, std::vector<std::string>& values,
                      const std::string& help);
  /// `FILE... STORE`: the last value on the command line is STORE; one or more before it are FILEs.
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

  /// Arguments that several verbs share: STORE, --at REF, --dtype DTYPE, --layout LAYOUT, --quiet.
  Argument store(std::string& store);
  Argument at(std::string& ref);
  Argument dtype(std::string& dtype);
  Argument layout(std::optional<Layout>& layout, const std::string& help);
  Argument quiet(bool& quiet, const std::string& help = "Print nothing but errors");

  /// Sets what the verb does. The CommandLine calls `run` at most once.
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

  /// Adds a verb that accepts --json. `examples` starts with a line feed.
  [[nodiscard]] Verb add_verb(const std::string& name, const std::string& summary,
                              const std::string& examples);
  /// Runs the verb on the command line, or prints the help or the version if it asks for them.
  /// @throws Error invalid_argument if the command line is not valid.
  [[nodiscard]] ExitCode run(int argc, char** argv);

 private:
  std::unique_ptr<CLI::App> app_;
  Chosen chosen_;
};

/// Each verb is in the file that has its name.
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
