// SPDX-License-Identifier: Apache-2.0
#include "fuzz/page_case.h"

#include <algorithm>
#include <limits>

namespace lancekeep::fuzz {
namespace {

constexpr std::size_t kMaxPart = std::numeric_limits<std::uint16_t>::max();

class Taker {
 public:
  explicit Taker(std::string_view rest) : rest_(rest) {}

  std::string_view bytes(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint16_t number(std::size_t width) {
    std::uint16_t result = 0;
    int shift = 0;
    for (const char byte : bytes(width)) {
      result = static_cast<std::uint16_t>(result | static_cast<std::uint8_t>(byte) << shift);
      shift += 8;
    }
    return result;
  }

 private:
  std::string_view rest_;
};

void append_u16(std::string& to, std::size_t number) {
  to += static_cast<char>(number & 0xff);
  to += static_cast<char>(number >> 8 & 0xff);
}

}  // namespace

PageCase decode_page_case(std::string_view input) {
  Taker taker(input);
  PageCase page;
  page.kind = PageKind{static_cast<std::uint8_t>(taker.number(1) % kPageKinds)};
  page.rows = taker.number(2);
  page.buffers.resize(std::min<std::size_t>(taker.number(1), kMaxPageBuffers));
  const std::size_t message_size = taker.number(2);
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < page.buffers.size(); ++i) sizes.push_back(taker.number(2));
  page.message = taker.bytes(message_size);
  for (std::size_t i = 0; i < sizes.size(); ++i) page.buffers[i] = taker.bytes(sizes[i]);
  return page;
}

std::string encode_page_case(const PageCase& page) {
  const std::size_t buffers = std::min(page.buffers.size(), kMaxPageBuffers);
  const std::string message = page.message.substr(0, kMaxPart);
  std::string input(1, static_cast<char>(page.kind));
  append_u16(input, page.rows);
  input += static_cast<char>(buffers);
  append_u16(input, message.size());
  for (std::size_t i = 0; i < buffers; ++i) {
    append_u16(input, std::min(page.buffers[i].size(), kMaxPart));
  }
  input += message;
  for (std::size_t i = 0; i < buffers; ++i) input += page.buffers[i].substr(0, kMaxPart);
  return input;
}

}  // namespace lancekeep::fuzz
