// SPDX-License-Identifier: Apache-2.0
// How map_descriptor() (input_file.h) brings a whole file into the address space, and what it does
// where a mapping cannot be had or trusted.
#pragma once

#include "io/input_file.h"

namespace lancekeep::io {

/// Whether files of this kind of file system (statfs's f_type) are read rather than mapped: behind
/// a network, a page that cannot be fetched any more kills the process that touches it.
[[nodiscard]] bool is_network_file_system(std::uint64_t type) noexcept;

/// The whole file in pages of memory of its own, aligned as a mapping is. Throws io where they are
/// more than the machine has.
[[nodiscard]] ByteView read_into_pages(int descriptor, const std::string& file, MapMode mode);

}  // namespace lancekeep::io
