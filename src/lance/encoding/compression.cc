// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/compression.h"

#include "io/checked_math.h"
#include "lance/proto/wire.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace lancekeep::lance {
namespace {

using protozero::pbf_reader;

constexpr int kMaxEncodingDepth = 8;  // writers nest 3: general, fsst, variable, flat offsets
constexpr int kMaxGeneral = 1;        // each level can expand bytes by a factor of thousands
constexpr std::uint64_t kMaxBits = std::uint64_t{1} << 30;
constexpr std::uint32_t kFixedSizeListValidity = 3;

struct Depth {
  int all = 1;
  int general = 0;  // levels that are general compression
};

Compression decode_at_depth(const io::ByteView& message, Depth depth);

// The field numbers of the parts that several encodings have; 0 if the encoding lacks the part.
struct Tags {
  std::uint32_t bits = 0;
  std::uint32_t buffer_compression = 0;
  std::uint32_t first_child = 0;
  std::uint32_t second_child = 0;
};

Tags tags_of(EncodingKind kind) {
  switch (kind) {
    case EncodingKind::flat:
      return {.bits = 1, .buffer_compression = 2};
    case EncodingKind::variable:
      return {.buffer_compression = 2, .first_child = 1};
    case EncodingKind::out_of_line_bitpacking:
      return {.bits = 1, .first_child = 3};
    case EncodingKind::inline_bitpacking:
      return {.bits = 1, .buffer_compression = 2};
    case EncodingKind::fsst:
      return {.first_child = 2};
    case EncodingKind::run_length:
      return {.first_child = 1, .second_child = 2};
    case EncodingKind::byte_stream_split:
      return {.first_child = 1};
    case EncodingKind::general:
      return {.first_child = 3};
    case EncodingKind::fixed_size_list:
    case EncodingKind::packed_struct:
      return {.first_child = 2};
    default:
      return {};
  }
}

GeneralScheme decode_scheme(const io::ByteView& message) {
  std::uint32_t scheme = 0;
  read_fields(message, "a buffer compression", [&](pbf_reader& reader) {
    if (reader.tag() == 1) {
      scheme = get_u32(reader);
    } else {
      reader.skip();
    }
  });
  if (scheme > static_cast<std::uint32_t>(GeneralScheme::zstd)) {
    message.fail(
        ErrorCode::unsupported,
        fmt::format("the page is compressed with scheme {}, expected 1 (lz4) or 2 (zstd)", scheme));
  }
  return GeneralScheme{scheme};
}

void decode_body(const io::ByteView& message, Compression& result, Depth depth) {
  const Tags tags = tags_of(result.kind);
  std::map<std::uint32_t, Compression> children;
  read_fields(message, "an encoding", [&](pbf_reader& reader) {
    const std::uint32_t tag = reader.tag();
    if (tag == tags.bits) {
      result.bits = get_u64(reader);
    } else if (tag == tags.first_child || tag == tags.second_child) {
      children.insert_or_assign(tag, decode_at_depth(get_view(reader, message), depth));
    } else if (tag == tags.buffer_compression) {
      const io::ByteView inner = get_view(reader, message);
      if (decode_scheme(inner) == GeneralScheme::none) return;
      inner.fail(ErrorCode::unsupported,
                 "a single buffer of the page is compressed, which this build does not read");
    } else if (result.kind == EncodingKind::fsst && tag == 1) {
      result.symbol_table = get_view(reader, message);
    } else if (result.kind == EncodingKind::general && tag == 1) {
      result.scheme = decode_scheme(get_view(reader, message));
    } else if (result.kind == EncodingKind::packed_struct && tag == 1) {
      get_repeated(reader, result.fields);
    } else if (result.kind == EncodingKind::fixed_size_list && tag == 1) {
      result.dimension = get_u64(reader);
    } else if (result.kind == EncodingKind::fixed_size_list && tag == kFixedSizeListValidity) {
      result.has_validity = get_bool(reader);
    } else {
      reader.skip();
    }
  });
  for (auto& [tag, child] : children) result.children.push_back(std::move(child));
}

Compression decode_at_depth(const io::ByteView& message, Depth depth) {
  if (depth.all > kMaxEncodingDepth) {
    message.fail(ErrorCode::unsupported,
                 fmt::format("encodings are nested more than {} deep", kMaxEncodingDepth));
  }
  Compression result;
  read_fields(message, "an encoding", [&](pbf_reader& reader) {
    const std::uint32_t tag = reader.tag();
    const io::ByteView body = get_view(reader, message);
    result = {};
    result.kind = EncodingKind{tag};
    const bool is_general = result.kind == EncodingKind::general;
    if (is_general && depth.general == kMaxGeneral)
      body.fail(ErrorCode::unsupported, "compressed values are compressed a second time");
    decode_body(body, result, {depth.all + 1, depth.general + (is_general ? 1 : 0)});
  });
  if (result.kind == EncodingKind{}) message.fail("the page does not say how its data is encoded");
  result.message = message;
  return result;
}

std::string name_of(EncodingKind kind) {
  switch (kind) {
    case EncodingKind::flat:
      return "flat";
    case EncodingKind::variable:
      return "variable";
    case EncodingKind::constant:
      return "constant";
    case EncodingKind::out_of_line_bitpacking:
      return "out-of-line bit-packing";
    case EncodingKind::inline_bitpacking:
      return "inline bit-packing";
    case EncodingKind::fsst:
      return "fsst";
    case EncodingKind::dictionary:
      return "dictionary";
    case EncodingKind::run_length:
      return "run-length";
    case EncodingKind::byte_stream_split:
      return "byte stream split";
    case EncodingKind::general:
      return "general";
    case EncodingKind::fixed_size_list:
      return "fixed size list";
    case EncodingKind::packed_struct:
      return "packed struct";
    case EncodingKind::variable_packed_struct:
      return "variable packed struct";
  }
  return fmt::format("encoding {}", static_cast<std::uint32_t>(kind));
}

std::uint64_t list_bits(const Compression& compression) {
  const std::uint64_t of_value = fixed_bits(compression.child());
  if (compression.dimension == 0) compression.message.fail("a fixed size list has 0 items");
  return io::checked_mul(of_value, compression.dimension).value_or(~std::uint64_t{0});
}

std::uint64_t struct_bits(const Compression& compression) {
  std::uint64_t sum = 0;
  for (const std::uint64_t bits : compression.fields) {
    sum = io::checked_add(sum, bits).value_or(~std::uint64_t{0});
  }
  const std::uint64_t packed = fixed_bits(compression.child());
  if (sum != packed) {
    compression.message.fail(
        fmt::format("a packed struct's fields have {} bits, but its values have {}", sum, packed));
  }
  return sum;
}

std::string wrapped(EncodingKind kind, const std::string& body) {
  std::string message;
  protozero::pbf_writer(message).add_message(field_number(kind), body);
  return message;
}

}  // namespace

const Compression& Compression::child(std::size_t index) const {
  if (index < children.size()) return children[index];
  message.fail(
      fmt::format("the page's {} encoding does not say how its data is encoded", name_of(kind)));
}

void Compression::unsupported(std::string_view what) const {
  message.fail(ErrorCode::unsupported,
               fmt::format("{} are encoded as {} (encoding {}), which this build does not read",
                           what, to_string(*this), static_cast<std::uint32_t>(kind)));
}

Compression decode_compression(const io::ByteView& message) { return decode_at_depth(message, {}); }

std::string to_string(const Compression& compression) {
  std::string result = name_of(compression.kind);
  if (tags_of(compression.kind).bits != 0) result += fmt::format(" {}", compression.bits);
  if (compression.kind == EncodingKind::general) {
    result += compression.scheme == GeneralScheme::lz4 ? " lz4" : " zstd";
  }
  if (compression.kind == EncodingKind::fixed_size_list) {
    result += fmt::format(" {}{}", compression.dimension,
                          compression.has_validity ? " with validity" : "");
  }
  if (compression.children.empty()) return result;
  std::vector<std::string> inner;
  for (const Compression& child : compression.children) inner.push_back(to_string(child));
  return fmt::format("{}({})", result, fmt::join(inner, ", "));
}

std::uint32_t fixed_bits(const Compression& compression) {
  std::uint64_t bits = 0;
  switch (compression.kind) {
    case EncodingKind::flat:
      bits = compression.bits == 1 ? 8 : compression.bits;
      break;
    case EncodingKind::inline_bitpacking:
    case EncodingKind::out_of_line_bitpacking:
      bits = compression.bits;
      break;
    case EncodingKind::fixed_size_list:
      bits = list_bits(compression);
      break;
    case EncodingKind::run_length:
    case EncodingKind::byte_stream_split:
    case EncodingKind::general:
      return fixed_bits(compression.child());
    case EncodingKind::packed_struct:
      bits = struct_bits(compression);
      break;
    default:
      compression.unsupported("fixed-width values");
  }
  if (bits == 0 || bits % 8 != 0 || bits > kMaxBits) {
    compression.message.fail(
        ErrorCode::unsupported,
        fmt::format("values of {} bits; this build reads whole bytes up to {} bits", bits,
                    kMaxBits));
  }
  return static_cast<std::uint32_t>(bits);
}

std::uint64_t dimension(const Compression& compression) {
  switch (compression.kind) {
    case EncodingKind::fixed_size_list:  // fixed_bits() has checked the product
      return compression.dimension * dimension(compression.child());
    case EncodingKind::run_length:
    case EncodingKind::byte_stream_split:
    case EncodingKind::general:
      return dimension(compression.child());
    default:
      return 1;
  }
}

// CompressiveEncoding.flat = 1 {bits = 1}
std::string encode_flat(std::uint32_t bits) {
  std::string inner;
  protozero::pbf_writer(inner).add_uint64(1, bits);
  return wrapped(EncodingKind::flat, inner);
}

// CompressiveEncoding.variable = 2 {offsets = 1}
std::string encode_variable(std::uint32_t offset_bits) {
  std::string offsets;
  protozero::pbf_writer(offsets).add_message(1, encode_flat(offset_bits));
  return wrapped(EncodingKind::variable, offsets);
}

// CompressiveEncoding.out_of_line_bitpacking = 4 {full bits = 1, packed = 3}
std::string encode_bitpacked(std::uint32_t bits, std::uint32_t packed_bits) {
  std::string inner;
  protozero::pbf_writer writer(inner);
  writer.add_uint64(1, bits);
  writer.add_message(3, encode_flat(packed_bits));
  return wrapped(EncodingKind::out_of_line_bitpacking, inner);
}

// CompressiveEncoding.packed_struct = 12 {bits of its fields = 1, values = 2}
std::string encode_u64_pair() {
  const std::uint64_t bits[] = {64, 64};
  std::string inner;
  protozero::pbf_writer writer(inner);
  writer.add_packed_uint64(1, std::begin(bits), std::end(bits));
  writer.add_message(2, encode_flat(128));
  return wrapped(EncodingKind::packed_struct, inner);
}

}  // namespace lancekeep::lance
