// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/pickle_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>

namespace lancekeep::formats {
namespace {

constexpr std::uint64_t kWindow = 256 << 10;
static_assert(kWindow >= kLongestKeptText);

// 2,040 bits, the longest int of LONG1, are more than any checkpoint needs.
constexpr std::uint32_t kLongestInt = 255;

PickleValue boolean(bool value) { return {ValueKind::boolean, value}; }

std::int32_t i32(PickleReader& in, std::string_view what) {
  return static_cast<std::int32_t>(in.u32(what));
}

std::uint64_t signed_length(PickleReader& in) {
  const std::uint64_t at = in.position();
  const std::int32_t length = i32(in, "a length");
  if (length < 0) {
    in.fail(ErrorCode::corrupt, fmt::format("a pickle holds a string of length {}", length), at);
  }
  return static_cast<std::uint64_t>(length);
}

double big_endian_double(PickleReader& in) {
  return std::bit_cast<double>(__builtin_bswap64(in.u64("a float of a pickle")));
}

// Python writes the shortest form of an int. In a longer form, the last byte only repeats the sign
// of the byte before it.
bool has_redundant_byte(std::string_view digits) {
  const auto last = static_cast<std::uint8_t>(digits.back());
  const bool negative = static_cast<std::uint8_t>(digits[digits.size() - 2]) >= 0x80;
  return last == (negative ? 0xff : 0x00);
}

PickleValue long_int(PickleReader& in, std::uint32_t length, PickleDocument& document) {
  if (length > kLongestInt) {
    in.fail(ErrorCode::corrupt,
            fmt::format("a pickle holds an int of {} bytes; at most {} are supported", length,
                        kLongestInt),
            in.position());
  }
  PickleText text = in.text(length, "an int of a pickle");
  std::string_view digits(text.kept, text.length);
  while (digits.size() > 8 && has_redundant_byte(digits)) digits.remove_suffix(1);
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

PickleReader::PickleReader(const io::InputFile& file, std::uint64_t start, std::uint64_t end)
    : file_(file), name_(file.name()), at_(start), end_(end) {}

PickleReader::PickleReader(const io::ByteView& bytes)
    : name_(bytes.file()),
      in_memory_(bytes),
      window_(bytes),
      at_(bytes.base()),
      end_(bytes.base() + bytes.size()) {}

void PickleReader::fail(ErrorCode code, const std::string& problem, std::uint64_t offset) const {
  throw Error(code, problem, name_, offset);
}

void PickleReader::require(std::uint64_t bytes, std::string_view what) const {
  if (bytes <= remaining()) return;
  fail(ErrorCode::corrupt,
       fmt::format("{} needs {} bytes, but only {} remain", what, bytes, remaining()), at_);
}

std::string_view PickleReader::window(std::size_t bytes) {
  const bool is_there = at_ >= window_.base() && at_ - window_.base() <= window_.size() &&
                        bytes <= window_.size() - (at_ - window_.base());
  if (!is_there) window_ = file_->read(at_, std::min(remaining(), kWindow), "a pickle");
  return window_.text().substr(at_ - window_.base(), bytes);
}

std::uint64_t PickleReader::number(std::size_t bytes, std::string_view what) {
  require(bytes, what);
  const std::string_view digits = window(bytes);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(digits[i])) << (8 * i);
  }
  at_ += bytes;
  return value;
}

PickleText PickleReader::text(std::uint64_t length, std::string_view what) {
  require(length, what);
  const bool kept = !file_ || length <= kLongestKeptText;
  const PickleText text{kept ? window(length).data() : nullptr, at_, length};
  at_ += length;
  return text;
}

std::string_view PickleReader::line(std::size_t longest, std::string_view what) {
  const std::string_view rest = window(std::min<std::uint64_t>(longest, remaining()));
  const std::size_t end = rest.find('\n');
  if (end == rest.npos) {
    fail(ErrorCode::corrupt, fmt::format("{} does not end within {} bytes", what, rest.size()),
         at_);
  }
  at_ += end + 1;
  return rest.substr(0, end);
}

namespace {

// What a value of the file may take in memory, with its place in a container and its JSON text, for
// each byte that it has in the file. A vocabulary or a history of numbers then fits its budget at
// any size, and opcodes of a byte or two, with which a small pickle makes millions of values, get
// nothing.
constexpr std::uint64_t kPerTextByte = 8;
constexpr std::uint64_t kPerLongTextByte = 3;  // it stays in the file until it is written
constexpr std::uint64_t kPerFloatByte = 5;
constexpr std::uint64_t kPerIntByte = 4;
constexpr std::uint64_t kShortestInt = 2;  // bytes

std::uint64_t grant_for(PickleValue value, std::uint64_t bytes) {
  switch (value.kind) {
    case ValueKind::text:
    case ValueKind::bytes:
    case ValueKind::bytearray:
      return bytes * (bytes > kLongestKeptText ? kPerLongTextByte : kPerTextByte);
    case ValueKind::real:
      return bytes * kPerFloatByte;
    case ValueKind::small_integer:
    case ValueKind::integer:
    case ValueKind::big_integer:
      return bytes < kShortestInt ? 0 : bytes * kPerIntByte;
    default:
      return 0;
  }
}

std::optional<PickleValue> read_value(Opcode opcode, PickleReader& in, PickleDocument& document) {
  const auto bytes_of = [&](ValueKind kind, std::uint64_t length) {
    return document.add_text(kind, in.text(length, "a string of a pickle"));
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
    // Python 2 wrote str this way, including the names of tensors and storages.
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

}  // namespace

std::optional<PickleValue> read_scalar(Opcode opcode, PickleReader& in, PickleDocument& document) {
  const std::uint64_t start = in.position();
  const auto value = read_value(opcode, in, document);
  if (!value) return value;
  const PickleText* text = document.text(*value);
  document.budget().grant(grant_for(*value, text ? text->length : in.position() - start));
  return value;
}

}  // namespace lancekeep::formats
