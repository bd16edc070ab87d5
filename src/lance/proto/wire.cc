// SPDX-License-Identifier: Apache-2.0
#include "lance/proto/wire.h"

#include <fmt/format.h>

#include <limits>

namespace lancekeep::lance {
namespace {

constexpr protozero::pbf_tag_type kMapKey = 1;
constexpr protozero::pbf_tag_type kMapValue = 2;

// read_fields() turns this into an Error with the same text.
struct BadField : protozero::exception {
  explicit BadField(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

std::string_view name(protozero::pbf_wire_type type) {
  switch (type) {
    case protozero::pbf_wire_type::varint:
      return "a varint";
    case protozero::pbf_wire_type::fixed64:
      return "8 fixed bytes";
    case protozero::pbf_wire_type::length_delimited:
      return "length-delimited";
    case protozero::pbf_wire_type::fixed32:
      return "4 fixed bytes";
    default:
      return "of an unknown wire type";
  }
}

std::string wrong_wire_type(const protozero::pbf_reader& reader, protozero::pbf_wire_type type) {
  return fmt::format("field {} is {}, expected {}", static_cast<std::uint32_t>(reader.tag()),
                     name(reader.wire_type()), name(type));
}

void require(const protozero::pbf_reader& reader, protozero::pbf_wire_type type) {
  if (reader.wire_type() != type) throw BadField(wrong_wire_type(reader, type));
}

std::uint64_t varint(protozero::pbf_reader& reader) {
  require(reader, protozero::pbf_wire_type::varint);
  return reader.get_uint64();
}

// Protobuf writes a negative int32 as a 64-bit number; some writers truncate it to 32 bits.
std::int32_t to_i32(std::uint64_t number, std::uint32_t tag) {
  constexpr std::uint64_t kLowest = static_cast<std::uint64_t>(
      static_cast<std::int64_t>(std::numeric_limits<std::int32_t>::min()));
  if (number > std::numeric_limits<std::uint32_t>::max() && number < kLowest) {
    throw BadField(fmt::format("field {} holds {}, which does not fit in 32 bits", tag, number));
  }
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(number));
}

template <typename Take>
void for_each_number(protozero::pbf_reader& reader, Take&& take) {
  if (reader.wire_type() == protozero::pbf_wire_type::varint) {
    take(reader.get_uint64());
    return;
  }
  require(reader, protozero::pbf_wire_type::length_delimited);
  const protozero::data_view packed = reader.get_view();
  const char* at = packed.data();
  const char* const end = at + packed.size();
  while (at != end) take(protozero::decode_varint(&at, end));
}

}  // namespace

void expect_wire_type(protozero::pbf_reader& reader, protozero::pbf_wire_type type,
                      const io::ByteView& message) {
  if (reader.wire_type() == type) return;
  message.fail(wrong_wire_type(reader, type),
               static_cast<std::uint64_t>(reader.data().data() - message.text().data()));
}

io::ByteView get_view(protozero::pbf_reader& reader, const io::ByteView& message) {
  expect_wire_type(reader, protozero::pbf_wire_type::length_delimited, message);
  const protozero::data_view view = reader.get_view();
  return message.sub(static_cast<std::uint64_t>(view.data() - message.text().data()), view.size(),
                     "a message field");
}

std::string get_text(protozero::pbf_reader& reader) {
  require(reader, protozero::pbf_wire_type::length_delimited);
  return reader.get_string();
}

std::uint64_t get_u64(protozero::pbf_reader& reader) { return varint(reader); }

std::int64_t get_i64(protozero::pbf_reader& reader) {
  return static_cast<std::int64_t>(varint(reader));
}

std::uint32_t get_u32(protozero::pbf_reader& reader) {
  const auto tag = static_cast<std::uint32_t>(reader.tag());
  const std::uint64_t number = varint(reader);
  if (number > std::numeric_limits<std::uint32_t>::max()) {
    throw BadField(fmt::format("field {} holds {}, which does not fit in 32 bits", tag, number));
  }
  return static_cast<std::uint32_t>(number);
}

std::int32_t get_i32(protozero::pbf_reader& reader) {
  const auto tag = static_cast<std::uint32_t>(reader.tag());
  return to_i32(varint(reader), tag);
}

bool get_bool(protozero::pbf_reader& reader) { return varint(reader) != 0; }

void get_repeated(protozero::pbf_reader& reader, std::vector<std::int32_t>& numbers) {
  const auto tag = static_cast<std::uint32_t>(reader.tag());
  for_each_number(reader, [&](std::uint64_t number) { numbers.push_back(to_i32(number, tag)); });
}

void get_repeated(protozero::pbf_reader& reader, std::vector<std::uint64_t>& numbers) {
  for_each_number(reader, [&](std::uint64_t number) { numbers.push_back(number); });
}

void keep_unknown(protozero::pbf_reader& reader, std::string& raw) {
  protozero::add_varint_to_buffer(&raw, reader.tag_and_type());
  const protozero::data_view before = reader.data();
  reader.skip();
  raw.append(before.data(), before.size() - reader.length());
}

void read_map_entry(protozero::pbf_reader& reader, const io::ByteView& message,
                    std::map<std::string, std::string>& map) {
  std::string key;
  std::string value;
  read_fields(get_view(reader, message), "a map entry", [&](protozero::pbf_reader& entry) {
    switch (entry.tag()) {
      case kMapKey:
        key = get_text(entry);
        break;
      case kMapValue:
        value = get_text(entry);
        break;
      default:
        entry.skip();
    }
  });
  map.insert_or_assign(std::move(key), std::move(value));
}

void write_map(protozero::pbf_writer& writer, protozero::pbf_tag_type tag,
               const std::map<std::string, std::string>& map) {
  for (const auto& [key, value] : map) {
    protozero::pbf_writer entry(writer, tag);
    entry.add_string(kMapKey, key);
    entry.add_bytes(kMapValue, value);
  }
}

}  // namespace lancekeep::lance
