// SPDX-License-Identifier: Apache-2.0
// Model files become versions of a store, one each, in the order given.
#pragma once

#include <lancekeep/store.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace lancekeep::cli {

struct ImportPlan {
  std::vector<std::string> files;
  std::string store;
  std::optional<std::string> message;  ///< none: of several files, each one's name
  Metadata settings;                   ///< takes precedence over what the files say
  std::string tag;
  std::optional<Layout> layout;  ///< of the store; none: as it is
};

struct ImportedFile {
  std::string file;
  std::string message;
  SaveReport report;
  std::chrono::nanoseconds elapsed = {};
};

/// Saves the files. Of several, all are opened before the first is saved, so that one that cannot
/// be read stops all of it. `saved` is told of each version once it is there. What stops the rest,
/// an error or a signal, names the versions that are.
void import_files(const ImportPlan& plan, bool show_progress,
                  const std::function<void(const ImportedFile&)>& saved);

}  // namespace lancekeep::cli
