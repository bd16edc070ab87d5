// SPDX-License-Identifier: Apache-2.0
// Reads protobuf messages with protozero from a ByteView, so that errors name the file and the
// offset.
//
// Each codec in this folder is a plain struct with `decode_x(ByteView)` and `encode_x(const X&)`.
// Field numbers are Lance's; they are on disk and never change. Unknown fields are skipped, unless
// the struct has a member for them: then they are kept as raw bytes and written back unchanged.
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

/// The field number of an enumerator.
constexpr protozero::pbf_tag_type field_number(auto tag) {
  return static_cast<protozero::pbf_tag_type>(tag);
}

/// Calls `field(reader)` for each field of the message; the callback must consume the field
/// (get_* or skip). Turns protozero's exceptions into Error corrupt, with `what` and the offset.
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

/// Throws corrupt if the field does not have the expected wire type. protozero only asserts this,
/// so every getter below checks it first.
void expect_wire_type(protozero::pbf_reader& reader, protozero::pbf_wire_type type,
                      const io::ByteView& message);
/// The bytes of a length-delimited field, as a view into `message`, which contains it.
[[nodiscard]] io::ByteView get_view(protozero::pbf_reader& reader, const io::ByteView& message);

// Getters for use in read_fields(). If the field has another wire type, or its number does not fit,
// they throw protozero exceptions, to which read_fields() adds the file and the offset.
[[nodiscard]] std::string get_text(protozero::pbf_reader& reader);
[[nodiscard]] std::uint64_t get_u64(protozero::pbf_reader& reader);
[[nodiscard]] std::int64_t get_i64(protozero::pbf_reader& reader);
[[nodiscard]] std::uint32_t get_u32(protozero::pbf_reader& reader);
[[nodiscard]] std::int32_t get_i32(protozero::pbf_reader& reader);
[[nodiscard]] bool get_bool(protozero::pbf_reader& reader);
/// Appends one element or a packed run; protobuf allows both for any repeated number.
void get_repeated(protozero::pbf_reader& reader, std::vector<std::int32_t>& numbers);
void get_repeated(protozero::pbf_reader& reader, std::vector<std::uint64_t>& numbers);

/// Appends the field, including its tag, to `raw`, so that it can be written back unchanged.
void keep_unknown(protozero::pbf_reader& reader, std::string& raw);

/// Writes a number unless it is 0, which is protobuf's default. Negative numbers take ten bytes.
template <typename Number>
void write_nonzero(protozero::pbf_writer& writer, auto tag, Number number) {
  if (number != 0) writer.add_uint64(field_number(tag), static_cast<std::uint64_t>(number));
}
/// Writes a string unless it is empty, which is protobuf's default.
void write_nonempty(protozero::pbf_writer& writer, auto tag, const std::string& text) {
  if (!text.empty()) writer.add_string(field_number(tag), text);
}

/// map<string, string or bytes>: one entry message per pair, key = 1, value = 2.
void read_map_entry(protozero::pbf_reader& reader, const io::ByteView& message,
                    std::map<std::string, std::string>& map);
void write_map(protozero::pbf_writer& writer, protozero::pbf_tag_type tag,
               const std::map<std::string, std::string>& map);

}  // namespace lancekeep::lance
