// SPDX-License-Identifier: Apache-2.0
// Protobuf messages, read through protozero from bytes that know their place in a file.
//
// Every codec in this folder is a plain struct, `decode_x(ByteView)` and `encode_x(const X&)`.
// Field numbers are Lance's; they are on disk and never change. Unknown fields are skipped, or kept
// as raw bytes where the struct says so, to be written back as they were.
#pragma once

#include "io/byte_view.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lancekeep::lance {

/// The number of a field that an enum names.
constexpr protozero::pbf_tag_type field_number(auto tag) {
  return static_cast<protozero::pbf_tag_type>(tag);
}

/// Calls `field(reader)` for each field of the message; the callback must consume it (get_* or
/// skip). Turns protozero's exceptions into Error corrupt that names `what` and the offset.
template <typename Callback>
void read_fields(const io::ByteView& message, std::string_view what, Callback&& field) {
  protozero::pbf_reader reader(message.text().data(), message.size());
  const char* at = message.text().data();
  try {
    while (reader.next()) {
      field(reader);
      at = reader.data().data();
    }
  } catch (const protozero::exception& e) {
    message.fail(std::string(what) + " is not a well-formed protobuf message (" + e.what() + ")",
                 static_cast<std::uint64_t>(at - message.text().data()));
  }
}

/// Throws corrupt where the field is not of the wire type that the caller expects. protozero itself
/// only asserts it, so every getter below checks it first.
void expect_wire_type(protozero::pbf_reader& reader, protozero::pbf_wire_type type,
                      const io::ByteView& message);
/// A length-delimited field's bytes as a view into the message that holds it.
[[nodiscard]] io::ByteView get_view(protozero::pbf_reader& reader, const io::ByteView& message);

// Getters for use inside read_fields(), which adds the place: they throw protozero exceptions where
// the field has another wire type, or where its number does not fit.
[[nodiscard]] std::string get_text(protozero::pbf_reader& reader);
[[nodiscard]] std::uint64_t get_u64(protozero::pbf_reader& reader);
[[nodiscard]] std::int64_t get_i64(protozero::pbf_reader& reader);
[[nodiscard]] std::uint32_t get_u32(protozero::pbf_reader& reader);
[[nodiscard]] std::int32_t get_i32(protozero::pbf_reader& reader);
[[nodiscard]] bool get_bool(protozero::pbf_reader& reader);
/// One element, or a packed run of them; protobuf allows both for any repeated number.
void get_repeated(protozero::pbf_reader& reader, std::vector<std::int32_t>& numbers);
void get_repeated(protozero::pbf_reader& reader, std::vector<std::uint64_t>& numbers);

/// Appends the field, tag included, to `raw`, to be written back as it was.
void keep_unknown(protozero::pbf_reader& reader, std::string& raw);

/// map<string, string or bytes>: one entry message per pair, key = 1, value = 2.
void read_map_entry(protozero::pbf_reader& reader, const io::ByteView& message,
                    std::map<std::string, std::string>& map);
void write_map(protozero::pbf_writer& writer, protozero::pbf_tag_type tag,
               const std::map<std::string, std::string>& map);

}  // namespace lancekeep::lance
