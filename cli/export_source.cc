// SPDX-License-Identifier: Apache-2.0
#include "cli/export_source.h"

#include "cli/name_patterns.h"
#include "cli/selected_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lancekeep::cli {

std::unique_ptr<TensorSource> selected_tensors(const Version& version,
                                               const std::vector<std::string>& patterns,
                                               const std::string& store) {
  if (patterns.empty()) return version.source();
  NamePatterns names(patterns);
  auto source = std::make_unique<SelectedSource>(
      version.source(), [&](std::string_view name) { return names.takes(name); });
  if (const auto unused = names.unused(); !unused.empty()) {
    throw Error(ErrorCode::not_found,
                fmt::format("version {} has no tensor named `{}`, or matching that; `lancekeep ls` "
                            "lists what it has",
                            version.number(), fmt::join(unused, "`, `")),
                store);
  }
  return source;
}

std::uint64_t bytes_of(const TensorSource& source) {
  std::uint64_t bytes = 0;
  for (const TensorSpec& tensor : source.tensors()) bytes += tensor.nbytes;
  return bytes;
}

}  // namespace lancekeep::cli
