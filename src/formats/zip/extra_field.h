// SPDX-License-Identifier: Apache-2.0
// The extra field of a zip header that has the numbers which do not fit 32 bits. Pure functions;
// any thread may call them.
#pragma once

#include "io/byte_view.h"

#include <cstdint>
#include <optional>

namespace lancekeep::formats {

/// Stands where a number would, if that number is in the zip64 extra field.
inline constexpr std::uint32_t kInZip64 = 0xFFFFFFFF;
inline constexpr std::uint16_t kZip64Field = 1;

/// The content of the zip64 field among a header's extra fields.
/// @throws Error corrupt where there are two, or a field is cut short.
[[nodiscard]] std::optional<io::ByteReader> find_zip64_field(const io::ByteView& extra);

}  // namespace lancekeep::formats
