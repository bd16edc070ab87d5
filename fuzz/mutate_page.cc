// SPDX-License-Identifier: Apache-2.0
// Mutates an input of fuzz_page: either its message, field by field, or one of its buffers.
#include "fuzz/invariants.h"
#include "fuzz/messages.h"
#include "fuzz/page_case.h"

#include <algorithm>
#include <cstring>

using namespace lancekeep;

namespace {

constexpr std::size_t kGrowth = 256;  // the most bytes that a mutation adds to a buffer

void change_buffers(std::vector<std::string>& buffers, fuzz::Random& random) {
  if (buffers.empty()) return buffers.emplace_back().push_back('\0');
  std::string& buffer = buffers[fuzz::below(buffers.size(), random)];
  switch (fuzz::below(16, random)) {
    case 0:
      buffers.push_back(buffer);
      return;
    case 1:
      buffers.pop_back();
      return;
    case 2:
      std::swap(buffer, buffers[fuzz::below(buffers.size(), random)]);
      return;
    case 3:
    case 4:
    case 5:
      buffer = fuzz::mutate_bytes(std::move(buffer), buffer.size() + kGrowth);
      return;
    default:
      buffer = fuzz::mutate_in_place(std::move(buffer), random);
  }
}

void change(fuzz::PageCase& page, fuzz::Random& random) {
  switch (fuzz::below(16, random)) {
    case 0:
      page.rows = static_cast<std::uint16_t>(page.rows + (fuzz::below(2, random) == 0 ? 1 : -1));
      return;
    case 1:
      page.rows = static_cast<std::uint16_t>(fuzz::below(2000, random));
      return;
    case 2:
      page.kind = fuzz::PageKind{static_cast<std::uint8_t>(fuzz::below(fuzz::kPageKinds, random))};
      return;
    default:
      break;
  }
  if (fuzz::below(2, random) == 0) {
    page.message = fuzz::mutate_message(page.message, random);
  } else {
    change_buffers(page.buffers, random);
  }
}

std::size_t put(const std::string& input, std::uint8_t* to, std::size_t max_size) {
  const std::size_t size = std::min(input.size(), max_size);
  std::memcpy(to, input.data(), size);
  return size;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  fuzz::PageCase page = fuzz::decode_page_case(fuzz::text_of(data, size));
  change(page, random);
  return put(fuzz::encode_page_case(page), data, max_size);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* first, std::size_t first_size,
                                                 const std::uint8_t* second,
                                                 std::size_t second_size, std::uint8_t* out,
                                                 std::size_t max_size, unsigned seed) {
  fuzz::Random random(seed);
  fuzz::PageCase page = fuzz::decode_page_case(fuzz::text_of(first, first_size));
  const fuzz::PageCase other = fuzz::decode_page_case(fuzz::text_of(second, second_size));
  if (fuzz::below(2, random) == 0 || page.buffers.empty() || other.buffers.empty()) {
    page.message = fuzz::cross_messages(page.message, other.message, random);
  } else {
    page.buffers[fuzz::below(page.buffers.size(), random)] =
        other.buffers[fuzz::below(other.buffers.size(), random)];
  }
  return put(fuzz::encode_page_case(page), out, max_size);
}
