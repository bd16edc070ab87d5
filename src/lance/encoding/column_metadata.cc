// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/column_metadata.h"

#include "lance/proto/wire.h"

#include <fmt/format.h>

namespace lancekeep::lance {
namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;

// Field numbers are on disk and never change.
enum class ColumnTag : protozero::pbf_tag_type { encoding = 1, page = 2 };
enum class PageTag : protozero::pbf_tag_type {
  buffer_offsets = 1,
  buffer_sizes = 2,
  rows = 3,
  encoding = 4,
  first_row = 5,
};
enum class EncodingTag : protozero::pbf_tag_type { indirect = 1, direct = 2 };
constexpr protozero::pbf_tag_type kDirectBytes = 1;
enum class AnyTag : protozero::pbf_tag_type { type_url = 1, value = 2 };

// An Any message: the type of a message, and its bytes.
struct Any {
  std::string type_url;
  io::ByteView value;
};

Any decode_any(const io::ByteView& message) {
  Any any;
  any.value = message.sub(message.size(), 0, "an encoding");
  read_fields(message, "an encoding", [&](pbf_reader& reader) {
    switch (AnyTag{reader.tag()}) {
      case AnyTag::type_url:
        any.type_url = get_text(reader);
        break;
      case AnyTag::value:
        any.value = get_view(reader, message);
        break;
      default:
        reader.skip();
    }
  });
  return any;
}

Any decode_direct(const io::ByteView& message) {
  Any any;
  read_fields(message, "a direct encoding", [&](pbf_reader& reader) {
    if (reader.tag() == kDirectBytes) {
      any = decode_any(get_view(reader, message));
    } else {
      reader.skip();
    }
  });
  return any;
}

Any decode_encoding(const io::ByteView& message) {
  Any any;
  read_fields(message, "an encoding", [&](pbf_reader& reader) {
    switch (EncodingTag{reader.tag()}) {
      case EncodingTag::direct:
        any = decode_direct(get_view(reader, message));
        break;
      case EncodingTag::indirect:
        message.fail(
            ErrorCode::unsupported,
            "an encoding is stored outside its message, where this build does not read it");
      default:
        reader.skip();
    }
  });
  return any;
}

Page decode_page_message(const io::ByteView& message) {
  Page page;
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint64_t> sizes;
  page.encoding = message.sub(message.size(), 0, "an encoding");
  read_fields(message, "a page", [&](pbf_reader& reader) {
    switch (PageTag{reader.tag()}) {
      case PageTag::buffer_offsets:
        get_repeated(reader, offsets);
        break;
      case PageTag::buffer_sizes:
        get_repeated(reader, sizes);
        break;
      case PageTag::rows:
        page.rows = get_u64(reader);
        break;
      case PageTag::first_row:
        page.first_row = get_u64(reader);
        break;
      case PageTag::encoding: {
        Any any = decode_encoding(get_view(reader, message));
        page.type_url = std::move(any.type_url);
        page.encoding = std::move(any.value);
        break;
      }
      default:
        reader.skip();
    }
  });
  if (offsets.size() != sizes.size()) {
    message.fail(fmt::format("a page has {} buffer offsets and {} buffer sizes", offsets.size(),
                             sizes.size()));
  }
  for (std::size_t i = 0; i < offsets.size(); ++i) page.buffers.push_back({offsets[i], sizes[i]});
  return page;
}

void write_encoding(pbf_writer& writer, protozero::pbf_tag_type tag, const std::string& type_url,
                    const io::ByteView& value) {
  std::string any;
  pbf_writer any_writer(any);
  any_writer.add_string(field_number(AnyTag::type_url), type_url);
  any_writer.add_bytes(field_number(AnyTag::value), value.text().data(), value.size());
  pbf_writer encoding(writer, tag);
  pbf_writer direct(encoding, field_number(EncodingTag::direct));
  direct.add_bytes(kDirectBytes, any);
}

void write_page(pbf_writer& writer, const Page& page) {
  std::vector<std::uint64_t> offsets;
  std::vector<std::uint64_t> sizes;
  for (const PageBuffer& buffer : page.buffers) {
    offsets.push_back(buffer.offset);
    sizes.push_back(buffer.size);
  }
  pbf_writer message(writer, field_number(ColumnTag::page));
  message.add_packed_uint64(field_number(PageTag::buffer_offsets), offsets.begin(), offsets.end());
  message.add_packed_uint64(field_number(PageTag::buffer_sizes), sizes.begin(), sizes.end());
  if (page.rows != 0) message.add_uint64(field_number(PageTag::rows), page.rows);
  write_encoding(message, field_number(PageTag::encoding), page.type_url, page.encoding);
  if (page.first_row != 0) message.add_uint64(field_number(PageTag::first_row), page.first_row);
}

}  // namespace

ColumnMetadata decode_column_metadata(const io::ByteView& message) {
  ColumnMetadata column;
  column.encoding = message.sub(message.size(), 0, "an encoding");
  read_fields(message, "column metadata", [&](pbf_reader& reader) {
    switch (ColumnTag{reader.tag()}) {
      case ColumnTag::encoding: {
        Any any = decode_encoding(get_view(reader, message));
        column.type_url = std::move(any.type_url);
        column.encoding = std::move(any.value);
        break;
      }
      case ColumnTag::page:
        column.pages.push_back(decode_page_message(get_view(reader, message)));
        break;
      default:
        reader.skip();
    }
  });
  return column;
}

std::string encode_column_metadata(const ColumnMetadata& column) {
  std::string bytes;
  pbf_writer writer(bytes);
  write_encoding(writer, field_number(ColumnTag::encoding), column.type_url, column.encoding);
  for (const Page& page : column.pages) write_page(writer, page);
  return bytes;
}

}  // namespace lancekeep::lance
