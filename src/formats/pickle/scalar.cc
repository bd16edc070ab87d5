// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/scalar.h"

#include <fmt/format.h>

#include <bit>

namespace lancekeep::formats {
namespace {

// An int of 2,000 bits is more than any state dict has use for.
constexpr std::uint32_t kLongestInt = 250;

std::int32_t i32(io::ByteReader& in, std::string_view what) {
  return static_cast<std::int32_t>(in.u32(what));
}

std::uint64_t signed_length(io::ByteReader& in) {
  const std::int32_t length = i32(in, "a length");
  if (length < 0) in.fail(fmt::format("a pickle holds a text of length {}", length));
  return static_cast<std::uint64_t>(length);
}

PickleText text(io::ByteReader& in, std::uint64_t length) {
  return {in.take(length, "a text of a pickle").text()};
}

PickleBytes bytes(io::ByteReader& in, std::uint64_t length) {
  return {in.take(length, "a bytes object of a pickle").text()};
}

double big_endian_double(io::ByteReader& in) {
  return std::bit_cast<double>(__builtin_bswap64(in.u64("a float of a pickle")));
}

PickleValue long_int(io::ByteReader& in, std::uint32_t length) {
  if (length > kLongestInt) {
    in.fail(
        fmt::format("a pickle holds an int of {} bytes; at most {} are read", length, kLongestInt));
  }
  const std::string_view digits = in.take(length, "an int of a pickle").text();
  if (digits.size() > 8) return PickleBigInt{digits};
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(digits[i])) << (8 * i);
  }
  const bool negative = !digits.empty() && static_cast<std::uint8_t>(digits.back()) >= 0x80;
  if (negative && digits.size() < 8) value |= ~std::uint64_t{0} << (8 * digits.size());
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<PickleValue> read_scalar(Opcode opcode, io::ByteReader& in) {
  switch (opcode) {
    case Opcode::none:
      return PickleNone{};
    case Opcode::newtrue:
      return true;
    case Opcode::newfalse:
      return false;
    case Opcode::binint:
      return std::int64_t{i32(in, "an int of a pickle")};
    case Opcode::binint1:
      return std::int64_t{in.u8("an int of a pickle")};
    case Opcode::binint2:
      return std::int64_t{in.u16("an int of a pickle")};
    case Opcode::long1:
      return long_int(in, in.u8("an int's length"));
    case Opcode::long4:
      return long_int(in, in.u32("an int's length"));
    case Opcode::binfloat:
      return big_endian_double(in);
    // Python 2 wrote its str this way, and so named tensors and storages.
    case Opcode::short_binstring:
      return text(in, in.u8("a length"));
    case Opcode::binstring:
      return text(in, signed_length(in));
    case Opcode::short_binunicode:
      return text(in, in.u8("a length"));
    case Opcode::binunicode:
      return text(in, in.u32("a length"));
    case Opcode::binunicode8:
      return text(in, in.u64("a length"));
    case Opcode::short_binbytes:
      return bytes(in, in.u8("a length"));
    case Opcode::binbytes:
      return bytes(in, in.u32("a length"));
    case Opcode::binbytes8:
      return bytes(in, in.u64("a length"));
    default:
      return std::nullopt;
  }
}

}  // namespace lancekeep::formats
