// SPDX-License-Identifier: Apache-2.0
#include "cli/versions.h"

#include "cli/failure.h"
#include "cli/output.h"
#include "cli/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <utility>

namespace lancekeep::cli {
namespace {

constexpr std::size_t kDateLength = 10;     // 2026-03-01
constexpr std::size_t kSecondsLength = 19;  // 2026-03-01T12:00:00

}  // namespace

Version open_version(const VersionChoice& chosen, bool json) {
  Version version = Store::open(chosen.store).at(Ref::parse(chosen.at), {.dtype = chosen.dtype});
  if (!json && !version.info().warning.empty()) print_note(version.info().warning);
  return version;
}

Json to_json(const TensorInfo& tensor) {
  return Json::object({{"name", tensor.name},
                       {"dtype", tensor.dtype},
                       {"shape", tensor.shape},
                       {"nbytes", tensor.nbytes},
                       {"hash", text_or_null(tensor.hash)},
                       {"tied_to", tensor.tied_to},
                       {"damage", text_or_null(tensor.damage)}});
}

Json to_json(const std::vector<TensorInfo>& tensors) {
  Json::Array rows;
  for (const TensorInfo& tensor : tensors) rows.push_back(to_json(tensor));
  return rows;
}

Json to_json(const VersionInfo& version) {
  return Json::object({{"number", version.number},
                       {"id", version.id},
                       {"layout", to_string(version.layout)},
                       {"time", utc_time(version.time, TimePrecision::microseconds)},
                       {"message", version.message},
                       {"metadata", version.metadata},
                       {"tags", version.tags},
                       {"tensors", version.tensors},
                       {"bytes_total", version.bytes_total},
                       {"bytes_added", version.bytes_added},
                       {"damage", text_or_null(version.damage)},
                       {"unchecked", text_or_null(version.unchecked)},
                       {"not_read", text_or_null(version.not_read)},
                       {"warning", text_or_null(version.warning)}});
}

std::string problem_text(const VersionInfo& version) {
  if (!version.damage.empty()) return problem_word(FindingKind::damaged) + (": " + version.damage);
  if (!version.unchecked.empty())
    return problem_word(FindingKind::unchecked) + (": " + version.unchecked);
  if (!version.not_read.empty())
    return problem_word(FindingKind::not_read) + (": " + version.not_read);
  return {};
}

std::string problem_word(FindingKind kind) {
  switch (kind) {
    case FindingKind::damaged:
      return "damaged";
    case FindingKind::unchecked:
      return "could not be checked";
    case FindingKind::not_read:
      break;
  }
  return "not read";
}

ExitCode exit_code(bool damaged, bool unchecked, bool not_read) {
  if (damaged) return ExitCode::finding;
  if (unchecked) return ExitCode::failure;
  return not_read ? ExitCode::not_read : ExitCode::ok;
}

ExitCode exit_code(const std::vector<VersionInfo>& versions) {
  const auto any = [&](std::string VersionInfo::* why) {
    return std::ranges::any_of(versions, [&](const VersionInfo& v) { return !(v.*why).empty(); });
  };
  return exit_code(any(&VersionInfo::damage), any(&VersionInfo::unchecked),
                   any(&VersionInfo::not_read));
}

std::string time_text(const VersionInfo& version) {
  const std::string own = utc_time(version.time, TimePrecision::seconds);
  const std::optional<std::string> source = source_time(version.metadata);
  if (!source) return own;
  return fmt::format("{}Z (imported {})", source->substr(0, kSecondsLength),
                     own.substr(0, kDateLength));
}

std::string save_summary(const std::string& store, const SaveReport& report,
                         std::chrono::nanoseconds elapsed) {
  std::string line = fmt::format(
      "version {} of {}: {}, {}; wrote {} in {}", report.version, escape_line(store),
      counted(report.tensors_written + report.tensors_kept, "tensor"),
      human_bytes(report.bytes_total), human_bytes(report.bytes_written), human_duration(elapsed));
  if (report.tensors_kept == 0) return line;
  line += fmt::format("; shared {}", counted(report.tensors_kept, "tensor"));
  return line + fmt::format(", {}", human_bytes(report.bytes_shared));
}

std::optional<std::string> source_time(const Metadata& metadata) {
  static const std::regex kTime(
      R"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z)");
  const auto entry = metadata.find(kSourceTime);
  if (entry == metadata.end() || entry->second.size() > 2 * kSecondsLength) return std::nullopt;
  if (!std::regex_match(entry->second, kTime)) return std::nullopt;
  return entry->second;
}

Metadata with_origin(const VersionInfo& version) {
  Metadata metadata = version.metadata;
  if (source_time(metadata)) return metadata;
  metadata.insert_or_assign(kSourceTime, utc_time(version.time, TimePrecision::exact));
  metadata.insert_or_assign(kSourceVersion, std::to_string(version.number));
  return metadata;
}

SaveOptions copy_options(const VersionInfo& of, SaveOptions options) {
  if (options.message.empty()) options.message = of.message;
  Metadata metadata = with_origin(of);
  for (const auto& [key, value] : options.metadata) metadata.insert_or_assign(key, value);
  options.metadata = std::move(metadata);
  if (options.tag.empty() && !of.tags.empty()) options.tag = of.tags.front();
  return options;
}

SaveReport copy_version(Store& store, const VersionInfo& of, TensorSource& source,
                        const SaveOptions& options) {
  const SaveReport report = store.save(source, options);
  for (const std::string& tag : of.tags) {
    if (tag == options.tag) continue;  // already set by the save
    try {
      store.tag(tag, report.version);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("version {} was saved, but not tagged `{}`: {}",
                                            report.version, tag, error.what()));
    } catch (const Interrupted& interrupted) {  // while it waited for the lock
      throw Interrupted(
          interrupted.signal(),
          fmt::format("version {} was saved, but not tagged `{}`", report.version, tag));
    }
  }
  return report;
}

}  // namespace lancekeep::cli
