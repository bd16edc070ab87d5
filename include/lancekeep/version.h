// SPDX-License-Identifier: Apache-2.0
// The version of this library. CMakeLists.txt reads it from here.
#pragma once

#include <lancekeep/visibility.h>

namespace lancekeep {

inline constexpr char kLibraryVersion[] = "0.1.0";

}  // namespace lancekeep
