// SPDX-License-Identifier: Apache-2.0
// Lets a test drive a store. Each line of stdin is a JSON command, and the answer is one line of
// JSON: {"ok": …} or {"error": {"code", "what"}}. A command is {"do": verb, …}; each verb below
// lists its arguments.
//
// Any command can be made to end as if the process had been killed:
//   "crash_at": N   the storage's N-th changing call and all later ones do nothing
//   "die_at": N     only save and replace: runs in a child that dies at its N-th read of a tensor
#include "io/local_storage.h"
#include "io/testing/fault_storage.h"
#include "json_model.h"
#include "store/read/store_folder.h"

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <iostream>

namespace {

using namespace lancekeep;
using testing::Json;
using testing::JsonSource;
using testing::OpenVersion;

Ref ref_of(const Json& command) {
  if (!command.contains("version")) return {};
  return Ref(command["version"].get<std::uint64_t>());
}

std::optional<std::chrono::nanoseconds> seconds(const Json& command, const char* key) {
  if (!command.contains(key)) return std::nullopt;
  return std::chrono::seconds(command[key].get<std::int64_t>());
}

SaveOptions save_options(const Json& command) {
  SaveOptions options{.message = command.value("message", ""),
                      .metadata = command.value("metadata", Metadata()),
                      .tag = command.value("tag", ""),
                      .durable = command.value("durable", true)};
  if (command.contains("layout")) {
    options.layout = command["layout"] == "plain" ? Layout::plain : Layout::native;
  }
  return options;
}

Json to_json(const SaveReport& report) {
  return {{"version", report.version},
          {"written", report.tensors_written},
          {"kept", report.tensors_kept},
          {"notes", report.notes}};
}

class Session {
 public:
  Json run(const Json& command) {
    const auto verb = verbs_.find(command.at("do"));
    if (verb == verbs_.end()) throw Error(ErrorCode::invalid_argument, "no such verb");
    const std::optional<Store> kept = store_;
    if (command.contains("crash_at")) store_ = crashing_store(command["crash_at"]);
    try {
      Json answer = command.contains("die_at") ? run_in_child(verb->second, command)
                                               : (this->*verb->second)(command);
      if (command.contains("crash_at")) store_ = kept;
      return answer;
    } catch (...) {
      if (command.contains("crash_at")) store_ = kept;
      throw;
    }
  }

 private:
  using Verb = Json (Session::*)(const Json& command);

  Store crashing_store(std::uint64_t fail_at) const {
    auto storage = std::make_shared<io::FaultStorage>(
        io::open_local_storage(store_->path()),
        io::FaultStorage::Plan{fail_at, ErrorCode::io, /*stays_broken=*/true});
    return Store::State::make_store({store_->path(), std::move(storage)});
  }

  // Says whether the child was killed before it finished.
  Json run_in_child(Verb verb, const Json& command) {
    const pid_t child = ::fork();
    if (child == 0) {
      int status = 0;
      try {
        (void)(this->*verb)(command);
      } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        status = 1;
      }
      ::_exit(status);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
      throw Error(ErrorCode::io, "the child could not be run");
    }
    if (WEXITSTATUS(status) == 1) throw Error(ErrorCode::io, "the child failed");
    return {{"died", WEXITSTATUS(status) != 0}};
  }

  // path: opens or creates the store
  Json open(const Json& command) {
    store_ = Store::create(command.at("path").get<std::string>());
    return {};
  }
  // tensors, message, metadata, tag, layout, durable
  Json save(const Json& command) {
    JsonSource source(command.at("tensors"));
    source.die_at(command.value("die_at", 0));
    return to_json(store_->save(source, save_options(command)));
  }
  // arguments as for save; then opens the new store
  Json replace(const Json& command) {
    JsonSource source(command.at("tensors"));
    source.die_at(command.value("die_at", 0));
    const std::filesystem::path path = store_->path();
    const SaveReport report = Store::replace(path, source, save_options(command));
    store_ = Store::open(path);
    return to_json(report);
  }
  // version
  Json restore(const Json& command) { return store_->restore(ref_of(command)); }
  // name, version, force, expected
  Json tag(const Json& command) {
    std::optional<std::uint64_t> expected;
    if (command.contains("expected")) expected = command["expected"].get<std::uint64_t>();
    return store_->tag(command.at("name"), ref_of(command), command.value("force", false),
                       expected);
  }
  // name
  Json untag(const Json& command) {
    store_->untag(command.at("name"));
    return {};
  }
  // keep_last, older_than, orphans_older_than (in seconds), dry_run
  Json gc(const Json& command) {
    GcOptions options{.older_than = seconds(command, "older_than"),
                      .dry_run = command.value("dry_run", false)};
    if (command.contains("keep_last")) options.keep_last = command["keep_last"];
    if (const auto age = seconds(command, "orphans_older_than")) options.orphans_older_than = *age;
    const GcReport report = store_->gc(options);
    return {{"removed", report.versions_removed},
            {"rewritten", report.rewritten ? Json(*report.rewritten) : Json()},
            {"orphans_kept", report.orphans_kept},
            {"notes", report.notes}};
  }
  Json verify(const Json&) {
    const VerifyReport report = store_->verify_all();
    Json findings = Json::array();
    for (const VerifyFinding& finding : report.findings) {
      findings.push_back({finding.version, finding.tensor, finding.file.string(), finding.what});
    }
    return {{"versions", report.versions}, {"findings", findings}};
  }
  Json log(const Json&) {
    Json versions = Json::array();
    for (const VersionInfo& info : store_->versions()) versions.push_back(testing::to_json(info));
    return {{"versions", versions}, {"tags", store_->tags()}};
  }
  // version: returns its tensors with their bytes
  Json read(const Json& command) {
    const OpenVersion version(store_->at(ref_of(command)));
    return {{"info", testing::to_json(version.version.info())}, {"tensors", version.tensors()}};
  }
  // version: keeps it open, and answers with a number for it
  Json hold(const Json& command) {
    held_.emplace_back(store_->at(ref_of(command)));
    return {{"held", held_.size() - 1}, {"version", held_.back().version.number()}};
  }
  // held: returns the current bytes of the version that is held under this number
  Json held(const Json& command) { return held_.at(command.at("held")).tensors(); }
  Json release(const Json&) {
    held_.clear();
    return {};
  }
  Json usage(const Json&) {
    const DiskUsage usage = store_->disk_usage();
    return {{"bytes", usage.bytes}, {"unreachable", usage.unreachable}};
  }

  std::optional<Store> store_;
  std::vector<OpenVersion> held_;
  const std::map<std::string, Verb> verbs_ = {
      {"open", &Session::open},       {"save", &Session::save},  {"replace", &Session::replace},
      {"restore", &Session::restore}, {"tag", &Session::tag},    {"untag", &Session::untag},
      {"gc", &Session::gc},           {"log", &Session::log},    {"verify", &Session::verify},
      {"read", &Session::read},       {"hold", &Session::hold},  {"held", &Session::held},
      {"release", &Session::release}, {"usage", &Session::usage}};
};

Json answer(Session& session, const std::string& line) {
  try {
    return {{"ok", session.run(Json::parse(line))}};
  } catch (const Error& error) {
    return {{"error", {{"code", to_string(error.code())}, {"what", error.what()}}}};
  } catch (const std::exception& error) {
    return {{"error", {{"code", "command"}, {"what", error.what()}}}};
  }
}

}  // namespace

int main() {
  Session session;
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << answer(session, line).dump() << std::endl;
  }
  return 0;
}
