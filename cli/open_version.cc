// SPDX-License-Identifier: Apache-2.0
#include "cli/open_version.h"

#include "cli/output.h"

namespace lancekeep::cli {

Version open_version(const VersionChoice& chosen, bool json) {
  Version version = Store::open(chosen.store).at(Ref::parse(chosen.at), {.dtype = chosen.dtype});
  if (!json && !version.info().warning.empty()) print_note(version.info().warning);
  return version;
}

}  // namespace lancekeep::cli
