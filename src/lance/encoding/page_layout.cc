// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_layout.h"

#include "lance/proto/wire.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <protozero/pbf_writer.hpp>

namespace lancekeep::lance {
namespace {

using protozero::pbf_reader;

// Field numbers are on disk and never change.
enum class LayoutTag : std::uint32_t { mini_block = 1, constant = 2, full_zip = 3, blob = 4 };
enum class MiniBlockTag : std::uint32_t {
  rep = 1,
  def = 2,
  values = 3,
  dictionary = 4,
  dictionary_items = 5,
  layers = 6,
  num_buffers = 7,
  index_depth = 8,  // of the repetition index
  items = 9,
  large_chunks = 10,
};
enum class ConstantTag : std::uint32_t {
  layers = 5,
  value = 6,
  rep = 7,
  def = 8,
  rep_levels = 9,
  def_levels = 10,
};
enum class FullZipTag : std::uint32_t {
  rep_bits = 1,
  def_bits = 2,
  value_bits = 3,
  length_bits = 4,
  items = 5,
  visible_items = 6,
  values = 7,
  layers = 8,
};
enum class BlobTag : std::uint32_t { inner = 1, layers = 2 };

PageLayout decode_layout(const io::ByteView& message, bool within_blob);

Compression compression_of(pbf_reader& reader, const io::ByteView& message) {
  return decode_compression(get_view(reader, message));
}

MiniBlockLayout decode_mini_block(const io::ByteView& message) {
  MiniBlockLayout layout;
  bool has_values = false;
  read_fields(message, "a mini-block layout", [&](pbf_reader& reader) {
    switch (MiniBlockTag{reader.tag()}) {
      case MiniBlockTag::rep:
        layout.rep = compression_of(reader, message);
        break;
      case MiniBlockTag::def:
        layout.def = compression_of(reader, message);
        break;
      case MiniBlockTag::values:
        layout.values = compression_of(reader, message);
        has_values = true;
        break;
      case MiniBlockTag::dictionary:
        layout.dictionary = compression_of(reader, message);
        break;
      case MiniBlockTag::dictionary_items:
        layout.dictionary_items = get_u64(reader);
        break;
      case MiniBlockTag::layers:
        get_repeated(reader, layout.layers);
        break;
      case MiniBlockTag::num_buffers:
        layout.num_buffers = get_u64(reader);
        break;
      case MiniBlockTag::items:
        layout.items = get_u64(reader);
        break;
      case MiniBlockTag::large_chunks:
        layout.large_chunks = get_bool(reader);
        break;
      default:
        reader.skip();
    }
  });
  if (!has_values) message.fail("a mini-block layout does not say how its values are encoded");
  return layout;
}

ConstantLayout decode_constant(const io::ByteView& message) {
  ConstantLayout layout;
  read_fields(message, "a constant layout", [&](pbf_reader& reader) {
    switch (ConstantTag{reader.tag()}) {
      case ConstantTag::layers:
        get_repeated(reader, layout.layers);
        break;
      case ConstantTag::value:
        layout.value = get_view(reader, message);
        break;
      case ConstantTag::rep:
        layout.rep = compression_of(reader, message);
        break;
      case ConstantTag::def:
        layout.def = compression_of(reader, message);
        break;
      case ConstantTag::rep_levels:
        layout.rep_levels = get_u64(reader);
        break;
      case ConstantTag::def_levels:
        layout.def_levels = get_u64(reader);
        break;
      default:
        reader.skip();
    }
  });
  return layout;
}

FullZipLayout decode_full_zip(const io::ByteView& message) {
  FullZipLayout layout;
  bool has_values = false;
  read_fields(message, "a full-zip layout", [&](pbf_reader& reader) {
    switch (FullZipTag{reader.tag()}) {
      case FullZipTag::rep_bits:
        layout.rep_bits = get_u32(reader);
        break;
      case FullZipTag::def_bits:
        layout.def_bits = get_u32(reader);
        break;
      case FullZipTag::value_bits:
        layout.value_bits = get_u32(reader);
        break;
      case FullZipTag::length_bits:
        layout.length_bits = get_u32(reader);
        break;
      case FullZipTag::items:
        layout.items = get_u64(reader);
        break;
      case FullZipTag::visible_items:
        layout.visible_items = get_u64(reader);
        break;
      case FullZipTag::values:
        layout.values = compression_of(reader, message);
        has_values = true;
        break;
      case FullZipTag::layers:
        get_repeated(reader, layout.layers);
        break;
      default:
        reader.skip();
    }
  });
  if (!has_values) message.fail("a full-zip layout does not say how its values are encoded");
  return layout;
}

BlobLayout decode_blob(const io::ByteView& message, bool within_blob) {
  if (within_blob) message.fail("a blob layout contains a blob layout");
  BlobLayout layout;
  read_fields(message, "a blob layout", [&](pbf_reader& reader) {
    switch (BlobTag{reader.tag()}) {
      case BlobTag::inner:
        layout.inner =
            std::make_shared<const PageLayout>(decode_layout(get_view(reader, message), true));
        break;
      case BlobTag::layers:
        get_repeated(reader, layout.layers);
        break;
      default:
        reader.skip();
    }
  });
  if (layout.inner == nullptr) message.fail("a blob layout has no layout for its descriptors");
  return layout;
}

PageLayout decode_layout(const io::ByteView& message, bool within_blob) {
  PageLayout result;
  bool found = false;
  read_fields(message, "a page layout", [&](pbf_reader& reader) {
    const std::uint32_t tag = reader.tag();
    const io::ByteView body = get_view(reader, message);
    switch (LayoutTag{tag}) {
      case LayoutTag::mini_block:
        result.layout = decode_mini_block(body);
        break;
      case LayoutTag::constant:
        result.layout = decode_constant(body);
        break;
      case LayoutTag::full_zip:
        result.layout = decode_full_zip(body);
        break;
      case LayoutTag::blob:
        result.layout = decode_blob(body, within_blob);
        break;
      default:
        body.fail(
            ErrorCode::unsupported,
            fmt::format("the page has layout {}; this build reads 1 (mini-block), 2 (constant), "
                        "3 (full-zip) and 4 (blob)",
                        tag));
    }
    found = true;
  });
  if (!found) message.fail("the page has no layout");
  result.message = message;
  return result;
}

std::string name(const std::optional<Compression>& compression) {
  return compression ? to_string(*compression) : "-";
}

struct Describe {
  std::string operator()(const MiniBlockLayout& layout) const {
    std::string text = fmt::format("mini-block, layers {}, levels {} / {}, values {}",
                                   fmt::join(layout.layers, " "), name(layout.rep),
                                   name(layout.def), to_string(layout.values));
    if (layout.dictionary) text += fmt::format(", dictionary {}", to_string(*layout.dictionary));
    return text;
  }
  std::string operator()(const ConstantLayout& layout) const {
    return fmt::format("constant, layers {}, levels {} / {}{}", fmt::join(layout.layers, " "),
                       name(layout.rep), name(layout.def), layout.value ? ", inline value" : "");
  }
  std::string operator()(const FullZipLayout& layout) const {
    return fmt::format("full-zip, layers {}, values {}", fmt::join(layout.layers, " "),
                       to_string(layout.values));
  }
  std::string operator()(const BlobLayout& layout) const {
    return fmt::format("blob, layers {}, {}", fmt::join(layout.layers, " "),
                       to_string(*layout.inner));
  }
};

std::string wrapped(LayoutTag layout, const std::string& body) {
  std::string message;
  protozero::pbf_writer(message).add_message(field_number(layout), body);
  return message;
}

}  // namespace

PageLayout decode_page_layout(const io::ByteView& message) { return decode_layout(message, false); }

std::string to_string(const PageLayout& layout) { return std::visit(Describe{}, layout.layout); }

std::string encode_mini_block_layout(const MiniBlockMessage& message) {
  std::string inner;
  protozero::pbf_writer writer(inner);
  if (!message.rep.empty()) writer.add_message(field_number(MiniBlockTag::rep), message.rep);
  if (!message.def.empty()) writer.add_message(field_number(MiniBlockTag::def), message.def);
  writer.add_message(field_number(MiniBlockTag::values), message.values);
  writer.add_packed_uint32(field_number(MiniBlockTag::layers), message.layers.begin(),
                           message.layers.end());
  writer.add_uint64(field_number(MiniBlockTag::num_buffers), 1);
  if (!message.rep.empty()) writer.add_uint64(field_number(MiniBlockTag::index_depth), 1);
  writer.add_uint64(field_number(MiniBlockTag::items), message.items);
  return wrapped(LayoutTag::mini_block, inner);
}

std::string encode_constant_layout(std::span<const std::uint32_t> layers) {
  std::string inner;
  protozero::pbf_writer(inner).add_packed_uint32(field_number(ConstantTag::layers), layers.begin(),
                                                 layers.end());
  return wrapped(LayoutTag::constant, inner);
}

std::string encode_blob_layout(const std::string& inner_layout) {
  const std::uint32_t layers[] = {kItem};
  std::string inner;
  protozero::pbf_writer writer(inner);
  writer.add_message(field_number(BlobTag::inner), inner_layout);
  writer.add_packed_uint32(field_number(BlobTag::layers), std::begin(layers), std::end(layers));
  return wrapped(LayoutTag::blob, inner);
}

}  // namespace lancekeep::lance
