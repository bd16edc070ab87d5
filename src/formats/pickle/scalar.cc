// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/scalar.h"

#include <fmt/format.h>

#include <bit>
#include <string_view>

namespace lancekeep::formats {
namespace {

// 2,040 bits: what LONG1 can hold is more than any checkpoint has use for.
constexpr std::uint32_t kLongestInt = 255;

PickleValue boolean(bool value) { return {ValueKind::boolean, value}; }

std::int32_t i32(PickleReader& in, std::string_view what) {
  return static_cast<std::int32_t>(in.u32(what));
}

std::uint64_t signed_length(PickleReader& in) {
  const std::uint64_t at = in.position();
  const std::int32_t length = i32(in, "a length");
  if (length < 0) {
    in.fail(ErrorCode::corrupt, fmt::format("a pickle holds a text of length {}", length), at);
  }
  return static_cast<std::uint64_t>(length);
}

double big_endian_double(PickleReader& in) {
  return std::bit_cast<double>(__builtin_bswap64(in.u64("a float of a pickle")));
}

// Python writes the shortest form; of any other, the last byte says no more than the sign of the
// one before it.
bool has_idle_byte(std::string_view digits) {
  const auto last = static_cast<std::uint8_t>(digits.back());
  const bool negative = static_cast<std::uint8_t>(digits[digits.size() - 2]) >= 0x80;
  return last == (negative ? 0xff : 0x00);
}

PickleValue long_int(PickleReader& in, std::uint32_t length, PickleDocument& document) {
  if (length > kLongestInt) {
    in.fail(
        ErrorCode::corrupt,
        fmt::format("a pickle holds an int of {} bytes; at most {} are read", length, kLongestInt),
        in.position());
  }
  PickleText text = in.text(length, "an int of a pickle");
  std::string_view digits(text.kept, text.length);
  while (digits.size() > 8 && has_idle_byte(digits)) digits.remove_suffix(1);
  if (digits.size() > 8) {
    text.length = digits.size();
    return document.add_text(ValueKind::big_integer, text);
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(digits[i])) << (8 * i);
  }
  const bool negative = !digits.empty() && static_cast<std::uint8_t>(digits.back()) >= 0x80;
  if (negative && digits.size() < 8) value |= ~std::uint64_t{0} << (8 * digits.size());
  return document.add_integer(static_cast<std::int64_t>(value));
}

}  // namespace

std::optional<PickleValue> read_scalar(Opcode opcode, PickleReader& in, PickleDocument& document) {
  const auto bytes_of = [&](ValueKind kind, std::uint64_t length) {
    return document.add_text(kind, in.text(length, "a text of a pickle"));
  };
  switch (opcode) {
    case Opcode::none:
      return PickleValue{};
    case Opcode::newtrue:
      return boolean(true);
    case Opcode::newfalse:
      return boolean(false);
    case Opcode::binint:
      return document.add_integer(i32(in, "an int of a pickle"));
    case Opcode::binint1:
      return document.add_integer(in.u8("an int of a pickle"));
    case Opcode::binint2:
      return document.add_integer(in.u16("an int of a pickle"));
    case Opcode::long1:
      return long_int(in, in.u8("an int's length"), document);
    case Opcode::long4:
      return long_int(in, in.u32("an int's length"), document);
    case Opcode::binfloat:
      return document.add_real(big_endian_double(in));
    // Python 2 wrote its str this way, and so named tensors and storages.
    case Opcode::short_binstring:
      return bytes_of(ValueKind::text, in.u8("a length"));
    case Opcode::binstring:
      return bytes_of(ValueKind::text, signed_length(in));
    case Opcode::short_binunicode:
      return bytes_of(ValueKind::text, in.u8("a length"));
    case Opcode::binunicode:
      return bytes_of(ValueKind::text, in.u32("a length"));
    case Opcode::binunicode8:
      return bytes_of(ValueKind::text, in.u64("a length"));
    case Opcode::short_binbytes:
      return bytes_of(ValueKind::bytes, in.u8("a length"));
    case Opcode::binbytes:
      return bytes_of(ValueKind::bytes, in.u32("a length"));
    case Opcode::binbytes8:
      return bytes_of(ValueKind::bytes, in.u64("a length"));
    case Opcode::bytearray8:
      return bytes_of(ValueKind::bytearray, in.u64("a length"));
    default:
      return std::nullopt;
  }
}

}  // namespace lancekeep::formats
