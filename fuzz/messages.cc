// SPDX-License-Identifier: Apache-2.0
#include "fuzz/messages.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace lancekeep::fuzz {
namespace {

constexpr std::uint32_t kMaxTag = 64;  // larger tags mean that the bytes are not a message
constexpr std::uint32_t kTagsInUse = 13;
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxGrowth = 4096;
constexpr std::size_t kWindow = 64;
constexpr std::uint64_t kNumbers[] = {
    0,     1,     2,        3,        4,        5,   6,          8,          16,         32,
    64,    128,   255,      256,      512,      511, 1023,       1024,       1025,       4096,
    65535, 65536, 1u << 20, 1u << 30, 1u << 31, ~0u, 1ull << 32, 1ull << 61, 1ull << 63, ~0ull};

// A field: a number, bytes, or bytes that are a message.
struct Node {
  std::uint32_t tag = 0;
  bool is_number = false;
  bool is_message = false;
  std::uint64_t number = 0;
  std::string bytes;
  std::vector<Node> fields;
};

bool parse(std::string_view message, std::vector<Node>& fields, int depth);

Node parse_field(protozero::pbf_reader& reader, int depth) {
  Node node;
  node.tag = reader.tag();
  if (node.tag > kMaxTag) throw protozero::invalid_tag_exception();
  if (reader.wire_type() == protozero::pbf_wire_type::varint) {
    node.is_number = true;
    node.number = reader.get_uint64();
  } else if (reader.wire_type() == protozero::pbf_wire_type::length_delimited) {
    node.bytes = reader.get_bytes();
    node.is_message = parse(node.bytes, node.fields, depth + 1);
  } else {
    throw protozero::unknown_pbf_wire_type_exception();
  }
  return node;
}

bool parse(std::string_view message, std::vector<Node>& fields, int depth) {
  if (message.empty() || depth > kMaxDepth) return false;
  try {
    protozero::pbf_reader reader(message.data(), message.size());
    while (reader.next()) fields.push_back(parse_field(reader, depth));
    return true;
  } catch (const protozero::exception&) {
    fields.clear();
    return false;
  }
}

std::string encode(const std::vector<Node>& fields) {
  std::string message;
  protozero::pbf_writer writer(message);
  for (const Node& node : fields) {
    if (node.is_number) {
      writer.add_uint64(node.tag, node.number);
    } else {
      writer.add_bytes(node.tag, node.is_message ? encode(node.fields) : node.bytes);
    }
  }
  return message;
}

// Where a field is: the list of fields that contains it, and its index in that list.
struct Place {
  std::vector<Node>* among = nullptr;
  std::size_t index = 0;
  [[nodiscard]] Node& node() const { return (*among)[index]; }
};

void collect(std::vector<Node>& fields, std::vector<Place>& places) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    places.push_back({&fields, i});
    collect(fields[i].fields, places);
  }
}

std::uint32_t any_tag(Random& random) {
  return static_cast<std::uint32_t>(below(kTagsInUse, random) + 1);
}

std::uint64_t changed(std::uint64_t number, Random& random) {
  switch (below(4, random)) {
    case 0:
      return number + 1;
    case 1:
      return number - 1;
    case 2:
      return below(200, random);
    default:
      return kNumbers[below(std::size(kNumbers), random)];
  }
}

void change_content(Node& node, Random& random) {
  if (node.is_number) {
    node.number = changed(node.number, random);
  } else {
    node.bytes = mutate_bytes(node.is_message ? encode(node.fields) : std::move(node.bytes),
                              node.bytes.size() + kWindow);
    node.is_message = false;
  }
}

// Wraps the field: it becomes the only field of a message, which takes its place.
void wrap(Node& node, Random& random) {
  Node inner = node;
  inner.tag = any_tag(random);
  Node middle;
  middle.tag = any_tag(random);
  middle.is_message = true;
  middle.fields = {inner};
  node.is_number = false;
  node.is_message = true;
  node.fields = {middle};
  if (below(2, random) == 0) {
    Node number;
    number.tag = 1;
    number.is_number = true;
    number.number = changed(0, random);
    node.fields.front().fields.push_back(number);
  }
}

void change(const Place& place, const std::vector<Place>& places, Random& random) {
  Node& node = place.node();
  switch (below(8, random)) {
    case 0:
    case 1:
    case 2:
      return change_content(node, random);
    case 3:
      node.tag = any_tag(random);
      return;
    case 4:
      place.among->erase(place.among->begin() + static_cast<std::ptrdiff_t>(place.index));
      return;
    case 5:
      place.among->push_back(Node(node));
      return;
    case 6: {
      Node copy = places[below(places.size(), random)].node();
      if (below(2, random) == 0) copy.tag = node.tag;
      node = std::move(copy);
      return;
    }
    default:
      return wrap(node, random);
  }
}

}  // namespace

std::string mutate_bytes(std::string bytes, std::size_t max_size) {
  const std::size_t size = bytes.size();
  bytes.resize(std::max(max_size, size));
  if (bytes.empty()) return bytes;
  auto* data = reinterpret_cast<std::uint8_t*>(bytes.data());
  bytes.resize(LLVMFuzzerMutate(data, size, bytes.size()));
  return bytes;
}

std::string mutate_in_place(std::string bytes, Random& random) {
  if (bytes.empty()) return bytes;
  const std::size_t start = below(bytes.size(), random);
  const std::string before = bytes.substr(start, kWindow);
  const std::string after = mutate_bytes(before, before.size());
  std::copy(after.begin(), after.end(), bytes.begin() + static_cast<std::ptrdiff_t>(start));
  return bytes;
}

std::string mutate_message(std::string_view message, Random& random) {
  std::vector<Node> fields;
  if (!parse(message, fields, 0))
    return mutate_bytes(std::string(message), message.size() + kWindow);
  std::vector<Place> places;
  collect(fields, places);
  change(places[below(places.size(), random)], places, random);
  std::string result = encode(fields);
  return result.size() > message.size() + kMaxGrowth ? std::string(message) : result;
}

std::string cross_messages(std::string_view message, std::string_view other, Random& random) {
  std::vector<Node> fields;
  std::vector<Node> others;
  if (!parse(message, fields, 0) || !parse(other, others, 0)) return std::string(other);
  std::vector<Place> places;
  std::vector<Place> other_places;
  collect(fields, places);
  collect(others, other_places);
  Node node = other_places[below(other_places.size(), random)].node();
  places[below(places.size(), random)].node() = std::move(node);
  return encode(fields);
}

}  // namespace lancekeep::fuzz
