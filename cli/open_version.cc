// SPDX-License-Identifier: Apache-2.0
#include "cli/open_version.h"

#include "cli/output.h"

namespace lancekeep::cli {

Version open_version(const std::string& store, const std::string& at, bool json) {
  Version version = Store::open(store).at(Ref::parse(at));
  if (!json && !version.info().warning.empty()) print_note(version.info().warning);
  return version;
}

}  // namespace lancekeep::cli
