// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <lancekeep/version.h>

#include "cli/output.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace lancekeep::cli {
namespace {

// The parser alone would read "-1" as a very large number.
std::string why_not_a_number(const std::string& text) {
  const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? std::string() : "expected a number, got `" + text + "`";
}

// A file whose name starts with a dash is taken for an option. Returns how to name the first one.
std::string hint_of_dash(int argc, char** argv) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    const std::string_view argument(argv[i]);
    std::error_code ignored;
    if (argument.size() < 2 || argument[0] != '-') continue;
    if (!std::filesystem::exists(argument, ignored)) continue;
    return fmt::format("; `{0}` is taken for an option: write ./{0} for the file", argument);
  }
  return "";
}

// `import a.pth` takes a.pth for FILE: the store is what people forget.
std::string hint_of_store(const CLI::App& verb, const CLI::ParseError& error) {
  const CLI::Option* file = verb.get_option_no_throw("FILE");
  const bool lacks_store = std::string_view(error.what()).starts_with("STORE is required");
  if (!lacks_store || file == nullptr || file->count() == 0) return "";
  return " (the last argument is the store: did you forget it?)";
}

std::string misuse(const CLI::App& app, const CLI::ParseError& error, const std::string& hint) {
  const auto verbs = app.get_subcommands();
  if (!verbs.empty()) {
    return fmt::format("{}{}{}; see lancekeep {} --help", error.what(), hint,
                       hint_of_store(*verbs.front(), error), verbs.front()->get_name());
  }
  const std::vector<std::string> extras = app.remaining();
  if (extras.empty()) return fmt::format("{}; see lancekeep --help", error.what());
  const char* kind = extras.front().starts_with("-") ? "option" : "verb";
  return fmt::format("unknown {} {}; see lancekeep --help", kind, extras.front());
}

}  // namespace

Argument& Argument::required() {
  option_->required();
  return *this;
}

Argument& Argument::excludes(const Argument& other) {
  option_->excludes(other.option_);
  return *this;
}

Argument& Argument::needs(const Argument& other) {
  option_->needs(other.option_);
  return *this;
}

Argument& Argument::check(std::function<std::string(const std::string& value)> why_not) {
  option_->check(std::move(why_not));
  return *this;
}

Argument& Argument::hidden() {
  option_->group("");
  return *this;
}

bool Argument::given() const { return option_->count() > 0; }

Argument Verb::positional(const std::string& name, std::string& value, const std::string& help) {
  return Argument(app_->add_option(name, value, help)->type_name(""));
}

Argument Verb::positional(const std::string& name, std::vector<std::string>& values,
                          const std::string& help) {
  return Argument(app_->add_option(name, values, help)->type_name(""));
}

void Verb::files_and_store(std::vector<std::string>& files, const std::string& files_help,
                           std::string& store, const std::string& store_help) {
  // FILE takes all values, and passes the last one on to STORE. The parser by itself would do this
  // only if no option follows the values.
  const auto take = [&files, app = app_](const std::vector<std::string>& given) {
    files = given;
    if (given.size() < 2) return;
    app->get_option("STORE")->add_result(files.back());
    files.pop_back();
  };
  app_->add_option_function<std::vector<std::string>>("FILE", take, files_help)
      ->required()
      ->type_name("");
  positional("STORE", store, store_help).required();
}

Argument Verb::option(const std::string& names, const std::string& type, std::string& value,
                      const std::string& help) {
  return Argument(app_->add_option(names, value, help)->type_name(type));
}

Argument Verb::option(const std::string& names, const std::string& type,
                      std::optional<std::string>& value, const std::string& help) {
  return Argument(app_->add_option(names, value, help)->type_name(type));
}

Argument Verb::option(const std::string& names, const std::string& type,
                      std::optional<std::uint64_t>& value, const std::string& help) {
  return Argument(app_->add_option(names, value, help)->type_name(type)->check(why_not_a_number));
}

Argument Verb::option(const std::string& names, const std::string& type,
                      std::vector<std::string>& values, const std::string& help) {
  return Argument(app_->add_option(names, values, help)->type_name(type)->allow_extra_args(false));
}

Argument Verb::flag(const std::string& names, bool& value, const std::string& help) {
  return Argument(app_->add_flag(names, value, help));
}

Argument Verb::store(std::string& store) {
  return positional("STORE", store, "The store's folder").required();
}

Argument Verb::at(std::string& ref) {
  return option("--at", "REF", ref, "Version: a number, a tag, or latest (the default)");
}

Argument Verb::dtype(std::string& dtype) {
  return option("--dtype", "DTYPE", dtype,
                "Convert the numbers of a plain dataset, e.g. to float32 (default: float64)");
}

Argument Verb::layout(std::optional<Layout>& layout, const std::string& help) {
  const auto is_plain = [](const std::string& name) {
    return name == "plain" || name == "recipe";  // `recipe` was its name before 0.2
  };
  const auto take = [&layout, is_plain](const std::string& name) {
    layout = is_plain(name) ? Layout::plain : Layout::native;
  };
  const auto why_not = [is_plain](std::string& name) {
    const bool is_known = name == "native" || is_plain(name);
    return is_known ? std::string() : name + " not in {native,plain}";
  };
  return Argument(app_->add_option_function<std::string>("--layout", take, help)
                      ->check(CLI::Validator(why_not, "{native,plain}"))
                      ->type_name("LAYOUT"));
}

Argument Verb::quiet(bool& quiet, const std::string& help) {
  return flag("-q,--quiet", quiet, help);
}

void Verb::runs(std::function<ExitCode(bool json)> run) {
  app_->callback([run = std::move(run), chosen = chosen_] { chosen->run = run; });
}

CommandLine::CommandLine(const std::string& summary, const std::string& footer)
    : app_(std::make_unique<CLI::App>(summary, "lancekeep")) {
  app_->set_version_flag("--version", std::string("lancekeep ") + kLibraryVersion);
  app_->require_subcommand(0, 1);
  app_->footer(footer);
  app_->get_formatter()->label("SUBCOMMAND", "VERB");
}

CommandLine::~CommandLine() = default;

Verb CommandLine::add_verb(const std::string& name, const std::string& summary,
                           const std::string& examples) {
  CLI::App* verb = app_->add_subcommand(name, summary);
  verb->add_flag("--json", chosen_.json,
                 "Print the result as one JSON document; print errors as JSON on stderr");
  verb->footer("Examples:" + examples);
  verb->group("Verbs");
  return {*verb, chosen_};
}

ExitCode CommandLine::run(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app_->help());
    return ExitCode::ok;
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + "\n");
    return ExitCode::ok;
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorCode::invalid_argument, misuse(*app_, error, hint_of_dash(argc, argv)));
  }
  if (!chosen_.run) {
    throw Error(ErrorCode::invalid_argument, "no verb given; see lancekeep --help");
  }
  return chosen_.run(chosen_.json);
}

}  // namespace lancekeep::cli
