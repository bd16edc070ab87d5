// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/fsst.h"

#include <fmt/format.h>

#include <cstring>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t magic = 0x46535354;
constexpr std::uint64_t compressed_flag = std::uint64_t{1} << 24;
constexpr unsigned escape = 255;
constexpr unsigned longest_symbol = 8;

}  // namespace

SymbolTable::SymbolTable(const io::ByteView& table) {
  io::ByteReader reader(table);
  const std::uint64_t header = reader.u64("the header of an FSST symbol table");
  if (header >> 32 != magic) {
    table.fail(
        fmt::format("an FSST symbol table starts with {:#x}, expected {:#x}", header >> 32, magic));
  }
  compresses_ = (header & compressed_flag) != 0;
  if (!compresses_) return;
  size_ = static_cast<unsigned>(header & 0xff);
  if (size_ > symbols_.size()) table.fail("an FSST symbol table has 255 symbols at most");
  const io::ByteView symbols = reader.take(std::uint64_t{size_} * longest_symbol, "FSST symbols");
  if (size_ > 0) std::memcpy(symbols_.data(), symbols.bytes().data(), symbols.size());
  for (unsigned code = 0; code < size_; ++code) {
    lengths_[code] = reader.u8("the length of an FSST symbol");
    if (lengths_[code] == 0 || lengths_[code] > longest_symbol) {
      reader.fail(
          fmt::format("FSST symbol {} has {} bytes, expected 1 to 8", code, lengths_[code]));
    }
  }
}

void SymbolTable::append(std::span<const std::byte> codes, const io::ByteView& page,
                         std::vector<std::byte>& out) const {
  std::size_t end = out.size();
  out.resize(end + codes.size() * longest_symbol);  // shrunk below; each code gives 8 bytes at most
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = std::to_integer<unsigned>(codes[i]);
    if (code == escape) {
      if (++i == codes.size()) page.fail("an FSST value ends within an escaped byte");
      out[end++] = codes[i];
    } else if (code < size_) {
      std::memcpy(out.data() + end, symbols_[code].data(), longest_symbol);
      end += lengths_[code];
    } else {
      page.fail(fmt::format("an FSST value has code {}, but the symbol table has {}", code, size_));
    }
  }
  out.resize(end);
}

}  // namespace lancekeep::lance
