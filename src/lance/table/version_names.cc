// SPDX-License-Identifier: Apache-2.0
#include "lance/table/version_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace lancekeep::lance {
namespace {

constexpr std::string_view kManifestSuffix = ".manifest";
// V2 names are as wide as the largest u64, so that they sort by number.
constexpr std::size_t kV2Digits = 20;
constexpr std::uint64_t kFirstDetached = std::uint64_t{1} << 63;
constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> parse_digits(std::string_view digits) {
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

[[noreturn]] void refuse_both_schemes(const io::Storage& storage, const std::string& first,
                                      const std::string& second) {
  throw Error(ErrorCode::corrupt,
              fmt::format("the manifests are named in two ways (`{}` and `{}`), as after a "
                          "migration that was cut short; which is the latest is not certain. "
                          "Finish it with pylance's Dataset.migrate_manifest_paths_v2()",
                          first, second),
              storage.full_name(kVersionsFolder));
}

}  // namespace

std::string manifest_path(std::uint64_t version, NamingScheme scheme) {
  if (scheme == NamingScheme::v1)
    return fmt::format("{}/{}{}", kVersionsFolder, version, kManifestSuffix);
  return fmt::format("{}/{:020}{}", kVersionsFolder, kMaxNumber - version, kManifestSuffix);
}

std::optional<ManifestName> parse_manifest_name(std::string_view name) {
  if (!name.ends_with(kManifestSuffix)) return std::nullopt;
  const std::string_view digits = name.substr(0, name.size() - kManifestSuffix.size());
  const std::optional<std::uint64_t> number = parse_digits(digits);
  if (!number) return std::nullopt;
  ManifestName result;
  if (digits.size() == kV2Digits) {
    result = {kMaxNumber - *number, NamingScheme::v2};
  } else {
    if (digits.front() == '0') return std::nullopt;
    result = {*number, NamingScheme::v1};
  }
  if (result.version == 0 || result.version >= kFirstDetached) return std::nullopt;
  return result;
}

VersionList list_versions(const io::Storage& storage) {
  VersionList list;
  for (const std::string& file : storage.file_names(kVersionsFolder)) {
    const std::optional<ManifestName> name = parse_manifest_name(file);
    if (!name) continue;
    const std::string path = std::string(kVersionsFolder) + "/" + file;
    if (!list.entries.empty() && name->scheme != list.scheme) {
      refuse_both_schemes(storage, list.entries.front().path, path);
    }
    list.scheme = name->scheme;
    list.entries.push_back({name->version, path});
  }
  std::sort(list.entries.begin(), list.entries.end(),
            [](const auto& a, const auto& b) { return a.version < b.version; });
  return list;
}

}  // namespace lancekeep::lance
