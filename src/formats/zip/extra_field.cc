// SPDX-License-Identifier: Apache-2.0
#include "formats/zip/extra_field.h"

namespace lancekeep::formats {

std::optional<io::ByteReader> find_zip64_field(const io::ByteView& extra) {
  std::optional<io::ByteReader> found;
  io::ByteReader fields(extra);
  while (fields.remaining() > 0) {
    const std::uint16_t kind = fields.u16("an extra field");
    const std::uint16_t length = fields.u16("an extra field's length");
    const io::ByteView content = fields.take(length, "an extra field");
    if (kind != kZip64Field) continue;
    if (found) content.fail("a zip header has two zip64 extra fields");
    found = io::ByteReader(content);
  }
  return found;
}

}  // namespace lancekeep::formats
