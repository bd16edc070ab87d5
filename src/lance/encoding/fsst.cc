// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/fsst.h"

#include <fmt/format.h>

#include <cstring>

namespace lancekeep::lance {
namespace {

constexpr std::uint64_t kFsstMagic = 0x46535354;
constexpr std::uint64_t kCompressedFlag = std::uint64_t{1} << 24;
constexpr unsigned kEscape = 255;
constexpr unsigned kLongestSymbol = 8;

}  // namespace

SymbolTable::SymbolTable(const io::ByteView& table) {
  io::ByteReader reader(table);
  const std::uint64_t header = reader.u64("the header of an FSST symbol table");
  if (header >> 32 != kFsstMagic) {
    table.fail(fmt::format("an FSST symbol table starts with {:#x}, expected {:#x}", header >> 32,
                           kFsstMagic));
  }
  compresses_ = (header & kCompressedFlag) != 0;
  if (!compresses_) return;
  size_ = static_cast<unsigned>(header & 0xff);
  if (size_ > symbols_.size()) table.fail("an FSST symbol table has 255 symbols at most");
  const io::ByteView symbols = reader.take(std::uint64_t{size_} * kLongestSymbol, "FSST symbols");
  if (size_ > 0) std::memcpy(symbols_.data(), symbols.bytes().data(), symbols.size());
  for (unsigned code = 0; code < size_; ++code) {
    lengths_[code] = reader.u8("the length of an FSST symbol");
    if (lengths_[code] == 0 || lengths_[code] > kLongestSymbol) {
      reader.fail(
          fmt::format("FSST symbol {} has {} bytes, expected 1 to 8", code, lengths_[code]));
    }
  }
}

void SymbolTable::append(std::span<const std::byte> codes, const io::ByteView& page,
                         std::vector<std::byte>& out) const {
  std::size_t end = out.size();
  out.resize(end + codes.size() * kLongestSymbol);  // shrunk below; each code gives 8 bytes at most
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = std::to_integer<unsigned>(codes[i]);
    if (code == kEscape) {
      if (++i == codes.size()) page.fail("an FSST value ends within an escaped byte");
      out[end++] = codes[i];
    } else if (code < size_) {
      std::memcpy(out.data() + end, symbols_[code].data(), kLongestSymbol);
      end += lengths_[code];
    } else {
      page.fail(fmt::format("an FSST value has code {}, but the symbol table has {}", code, size_));
    }
  }
  out.resize(end);
}

}  // namespace lancekeep::lance
