// SPDX-License-Identifier: Apache-2.0
#include "cli/origin.h"

#include "cli/units.h"

#include <fmt/format.h>

#include <regex>

namespace lancekeep::cli {
namespace {

constexpr std::size_t kDateLength = 10;     // 2026-03-01
constexpr std::size_t kSecondsLength = 19;  // 2026-03-01T12:00:00

}  // namespace

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

std::string time_text(const VersionInfo& version) {
  const std::string own = utc_time(version.time, TimePrecision::seconds);
  const std::optional<std::string> source = source_time(version.metadata);
  if (!source) return own;
  return fmt::format("{}Z (imported {})", source->substr(0, kSecondsLength),
                     own.substr(0, kDateLength));
}

}  // namespace lancekeep::cli
