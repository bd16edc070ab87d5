// SPDX-License-Identifier: Apache-2.0
// Names for new data files.
#pragma once

#include <string>

namespace lancekeep::lance {

/// A fresh random name with the ending `.lance`, in pylance's own manner: 16 random bytes, the
/// first 3 as binary digits (which spreads names over an object store's partitions), the others as
/// hex digits.
[[nodiscard]] std::string new_data_file_name();

}  // namespace lancekeep::lance
