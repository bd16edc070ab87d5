// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/v2_0/array_encoding.h"

#include "io/utf8.h"
#include "lance/proto/wire.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace lancekeep::lance::v2_0 {
namespace {

using protozero::pbf_reader;

constexpr int kMaxEncodingDepth =
    16;  // writers nest 6 levels: nullable, fixed-size list, both again, nullable, flat

// Field numbers are on disk and never change.
enum class BufferTag : std::uint32_t { index = 1, place = 2 };
enum class NullsTag : std::uint32_t { first = 1, second = 2 };
constexpr std::uint32_t kSchemeTag = 1;

// The field numbers of the parts that several encodings have; 0 if the encoding lacks the part.
struct Tags {
  std::uint32_t bits = 0;
  std::uint32_t buffer = 0;
  std::uint32_t compression = 0;
  std::uint32_t dimension = 0;
  std::uint32_t adjustment = 0;
  std::uint32_t items = 0;
  std::uint32_t symbol_table = 0;
  std::uint32_t first_child = 0;
  std::uint32_t second_child = 0;
};

Tags tags_of(ArrayKind kind) {
  switch (kind) {
    case ArrayKind::flat:
      return {.bits = 1, .buffer = 2, .compression = 3};
    case ArrayKind::fixed_size_list:
      return {.dimension = 1, .first_child = 2};
    case ArrayKind::list:
      return {.adjustment = 2, .items = 3, .first_child = 1};
    case ArrayKind::binary:
      return {.adjustment = 3, .first_child = 1, .second_child = 2};
    case ArrayKind::dictionary:
      return {.items = 3, .first_child = 1, .second_child = 2};
    case ArrayKind::fsst:
      return {.symbol_table = 2, .first_child = 1};
    case ArrayKind::packed_struct:
      return {.buffer = 2, .first_child = 1};
    default:
      return {};
  }
}

ArrayEncoding decode_at_depth(const io::ByteView& message, int depth);

std::uint64_t decode_buffer(const io::ByteView& message) {
  std::uint64_t index = 0;
  read_fields(message, "a buffer", [&](pbf_reader& reader) {
    switch (BufferTag{reader.tag()}) {
      case BufferTag::index:
        index = get_u64(reader);
        break;
      case BufferTag::place:
        if (get_u64(reader) != 0) {
          message.fail(
              ErrorCode::unsupported,
              "a page's buffer is stored in the column's or the file's metadata; this build "
              "reads only buffers in the page");
        }
        break;
      default:
        reader.skip();
    }
  });
  return index;
}

GeneralScheme decode_scheme(const io::ByteView& message) {
  std::string name;
  read_fields(message, "a compression", [&](pbf_reader& reader) {
    if (reader.tag() == kSchemeTag) {
      name = get_text(reader);
    } else {
      reader.skip();
    }
  });
  if (name.empty() || name == "none") return GeneralScheme::none;
  if (name == "lz4") return GeneralScheme::lz4;
  if (name == "zstd") return GeneralScheme::zstd;
  message.fail(
      ErrorCode::unsupported,
      fmt::format("a buffer is compressed with {}, expected `lz4` or `zstd`", io::printable(name)));
}

void decode_nulls(const io::ByteView& message, ArrayEncoding& result, int depth) {
  std::map<std::uint32_t, ArrayEncoding> children;
  read_fields(message, "an encoding with nulls", [&](pbf_reader& reader) {
    const std::uint32_t tag = reader.tag();
    if (tag == static_cast<std::uint32_t>(NullsTag::first) ||
        tag == static_cast<std::uint32_t>(NullsTag::second)) {
      children.insert_or_assign(tag, decode_at_depth(get_view(reader, message), depth + 1));
    } else {
      reader.skip();
    }
  });
  result.children.clear();
  for (auto& [tag, child] : children) result.children.push_back(std::move(child));
}

void decode_nullable(const io::ByteView& message, ArrayEncoding& result, int depth) {
  read_fields(message, "an encoding with nulls", [&](pbf_reader& reader) {
    result.nulls = Nulls{reader.tag()};
    decode_nulls(get_view(reader, message), result, depth);
  });
}

void decode_body(const io::ByteView& message, ArrayEncoding& result, int depth) {
  if (result.kind == ArrayKind::nullable) return decode_nullable(message, result, depth);
  const Tags tags = tags_of(result.kind);
  std::multimap<std::uint32_t, ArrayEncoding> children;
  read_fields(message, "an encoding", [&](pbf_reader& reader) {
    const std::uint32_t tag = reader.tag();
    if (tag == tags.bits) {
      result.bits = get_u64(reader);
    } else if (tag == tags.first_child || tag == tags.second_child) {
      if (result.kind != ArrayKind::packed_struct) children.erase(tag);
      children.emplace(tag, decode_at_depth(get_view(reader, message), depth + 1));
    } else if (tag == tags.buffer) {
      result.buffer = decode_buffer(get_view(reader, message));
    } else if (tag == tags.compression) {
      result.scheme = decode_scheme(get_view(reader, message));
    } else if (tag == tags.dimension) {
      result.dimension = get_u64(reader);
    } else if (tag == tags.adjustment) {
      result.adjustment = get_u64(reader);
    } else if (tag == tags.items) {
      result.items = get_u64(reader);
    } else if (tag == tags.symbol_table) {
      result.symbol_table = get_view(reader, message);
    } else {
      reader.skip();
    }
  });
  for (auto& [tag, child] : children) result.children.push_back(std::move(child));
}

ArrayEncoding decode_at_depth(const io::ByteView& message, int depth) {
  if (depth > kMaxEncodingDepth) {
    message.fail(ErrorCode::unsupported,
                 fmt::format("encodings are nested more than {} deep", kMaxEncodingDepth));
  }
  ArrayEncoding result;
  read_fields(message, "an encoding", [&](pbf_reader& reader) {
    const std::uint32_t tag = reader.tag();
    const io::ByteView body = get_view(reader, message);
    result = {};
    result.kind = ArrayKind{tag};
    decode_body(body, result, depth);
  });
  if (result.kind == ArrayKind{}) message.fail("the page does not say how its data is encoded");
  result.message = message;
  return result;
}

std::string name_of(ArrayKind kind) {
  constexpr const char* kNames[] = {"",
                                    "flat",
                                    "nullable",
                                    "fixed-size list",
                                    "list",
                                    "struct",
                                    "binary",
                                    "dictionary",
                                    "fsst",
                                    "packed struct",
                                    "bitpacked",
                                    "fixed-size binary",
                                    "bitpacked for non-negative",
                                    "constant"};
  const auto number = static_cast<std::uint32_t>(kind);
  return number < std::size(kNames) ? kNames[number] : fmt::format("encoding {}", number);
}

}  // namespace

const ArrayEncoding& ArrayEncoding::child(std::size_t index) const {
  if (index < children.size()) return children[index];
  message.fail(
      fmt::format("the page's {} encoding does not say how its data is encoded", name_of(kind)));
}

void ArrayEncoding::unsupported() const {
  message.fail(
      ErrorCode::unsupported,
      fmt::format("the page is encoded as {} (encoding {} of format 2.0), which this build "
                  "does not read here",
                  to_string(*this), static_cast<std::uint32_t>(kind)));
}

ArrayEncoding decode_array_encoding(const io::ByteView& message) {
  return decode_at_depth(message, 1);
}

std::string to_string(const ArrayEncoding& encoding) {
  std::vector<std::string> inner;
  for (const ArrayEncoding& child : encoding.children) inner.push_back(to_string(child));
  if (encoding.kind == ArrayKind::nullable && encoding.nulls == Nulls::none)
    return fmt::format("{}", fmt::join(inner, ", "));
  std::string text = name_of(encoding.kind);
  if (encoding.nulls == Nulls::all) text = "all null";
  if (encoding.kind == ArrayKind::flat) text += fmt::format(" {}", encoding.bits);
  if (encoding.kind == ArrayKind::fixed_size_list) text += fmt::format(" {}", encoding.dimension);
  if (encoding.scheme == GeneralScheme::lz4) text += " lz4";
  if (encoding.scheme == GeneralScheme::zstd) text += " zstd";
  return inner.empty() ? text : fmt::format("{}({})", text, fmt::join(inner, ", "));
}

}  // namespace lancekeep::lance::v2_0
