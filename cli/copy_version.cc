// SPDX-License-Identifier: Apache-2.0
#include "cli/copy_version.h"

#include "cli/origin.h"

#include <fmt/format.h>

namespace lancekeep::cli {
namespace {

// The tag of `options` first, which the save itself checks and sets.
std::vector<std::string> all_tags(const VersionInfo& of, const SaveOptions& options) {
  std::vector<std::string> tags;
  if (!options.tag.empty()) tags.push_back(options.tag);
  for (const std::string& tag : of.tags) {
    if (tag != options.tag) tags.push_back(tag);
  }
  return tags;
}

}  // namespace

SaveOptions copy_options(const VersionInfo& of, SaveOptions options) {
  if (options.message.empty()) options.message = of.message;
  Metadata metadata = with_origin(of);
  for (const auto& [key, value] : options.metadata) metadata.insert_or_assign(key, value);
  options.metadata = std::move(metadata);
  const std::vector<std::string> tags = all_tags(of, options);
  if (!tags.empty()) options.tag = tags.front();
  return options;
}

SaveReport copy_version(Store& store, const VersionInfo& of, TensorSource& source,
                        SaveOptions options) {
  const std::vector<std::string> tags = all_tags(of, options);
  const SaveReport report = store.save(source, copy_options(of, std::move(options)));
  for (std::size_t i = 1; i < tags.size(); ++i) {
    try {
      store.tag(tags[i], report.version);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("version {} is saved, but not tagged `{}`: {}",
                                            report.version, tags[i], error.what()));
    }
  }
  return report;
}

}  // namespace lancekeep::cli
