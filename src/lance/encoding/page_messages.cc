// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/page_messages.h"

#include <protozero/pbf_writer.hpp>

namespace lancekeep::lance {
namespace {

std::string wrapped(std::uint32_t field, const std::string& inner) {
  std::string outer;
  protozero::pbf_writer(outer).add_message(field, inner);
  return outer;
}

}  // namespace

// CompressiveEncoding.flat = 1 {bits = 1}
std::string flat_encoding(std::uint32_t bits) {
  std::string inner;
  protozero::pbf_writer(inner).add_uint64(1, bits);
  return wrapped(1, inner);
}

// CompressiveEncoding.variable = 2 {offsets = 1}
std::string variable_encoding(std::uint32_t offset_bits) {
  return wrapped(2, wrapped(1, flat_encoding(offset_bits)));
}

// CompressiveEncoding.out_of_line_bitpacking = 4 {full bits = 1, packed = 3}
std::string packed_encoding(std::uint32_t full_bits, std::uint32_t bits) {
  std::string inner;
  protozero::pbf_writer writer(inner);
  writer.add_uint64(1, full_bits);
  writer.add_message(3, flat_encoding(bits));
  return wrapped(4, inner);
}

// CompressiveEncoding.packed_struct = 12 {bits of its fields = 1, values = 2}
std::string two_u64_encoding() {
  const std::uint64_t bits[] = {64, 64};
  std::string inner;
  protozero::pbf_writer writer(inner);
  writer.add_packed_uint64(1, std::begin(bits), std::end(bits));
  writer.add_message(2, flat_encoding(128));
  return wrapped(12, inner);
}

// PageLayout.mini_block = 1
std::string mini_block_layout(const MiniBlockMessage& message) {
  std::string inner;
  protozero::pbf_writer writer(inner);
  if (!message.rep.empty()) writer.add_message(1, message.rep);
  if (!message.def.empty()) writer.add_message(2, message.def);
  writer.add_message(3, message.values);
  writer.add_packed_uint32(6, message.layers.begin(), message.layers.end());
  writer.add_uint64(7, 1);                            // value buffers
  if (!message.rep.empty()) writer.add_uint64(8, 1);  // depth of the repetition index
  writer.add_uint64(9, message.items);
  return wrapped(1, inner);
}

// PageLayout.constant = 2
std::string constant_layout(std::span<const std::uint32_t> layers) {
  std::string inner;
  protozero::pbf_writer(inner).add_packed_uint32(5, layers.begin(), layers.end());
  return wrapped(2, inner);
}

// PageLayout.blob = 4
std::string blob_layout(const std::string& inner_layout) {
  const std::uint32_t layers[] = {kItem};
  std::string inner;
  protozero::pbf_writer writer(inner);
  writer.add_message(1, inner_layout);
  writer.add_packed_uint32(2, std::begin(layers), std::end(layers));
  return wrapped(4, inner);
}

}  // namespace lancekeep::lance
