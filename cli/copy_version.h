// SPDX-License-Identifier: Apache-2.0
// A version of one store becomes the next version of another, with its tags.
#pragma once

#include <lancekeep/store.h>

#include <string>
#include <vector>

namespace lancekeep::cli {

/// Saves `source`, which is the version `of`: with its message unless `options` has one, its
/// metadata and where it is from below that of `options`, and its tags.
/// @throws Error whose text says that the version is there where only a tag is not.
SaveReport copy_version(Store& store, const VersionInfo& of, TensorSource& source,
                        SaveOptions options);

/// What copy_version() would save.
[[nodiscard]] SaveOptions copy_options(const VersionInfo& of, SaveOptions options);

}  // namespace lancekeep::cli
