// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/fsst.h"

#include "lance/encoding/encoding_testing.h"

namespace lancekeep::lance {
namespace {

std::string decoded(const std::string& table, const std::string& codes) {
  const SymbolTable symbols(view(table));
  const io::ByteView page = view(codes);
  std::vector<std::byte> out;
  symbols.append(page.bytes(), page, out);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

const std::string three_symbols = symbol_table({"layer.", "weight", "x"});

TEST(FsstTest, PutsSymbolsForCodes) {
  EXPECT_EQ(decoded(three_symbols, std::string("\0\2\1", 3)), "layer.xweight");
}

TEST(FsstTest, TakesEscapedBytesAsTheyAre) {
  EXPECT_EQ(decoded(three_symbols, "\xff\1\1\xff\xff"), "\1weight\xff");
}

TEST(FsstTest, DecodesNothing) { EXPECT_EQ(decoded(three_symbols, ""), ""); }

TEST(FsstTest, AppendsToWhatIsThere) {
  const SymbolTable symbols(view(three_symbols));
  const io::ByteView page = view("\2");
  std::vector<std::byte> out(3, std::byte{'-'});
  symbols.append(page.bytes(), page, out);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()), "---x");
}

TEST(FsstTest, SaysWhetherValuesAreCompressed) {
  EXPECT_TRUE(SymbolTable(view(three_symbols)).compresses());
  EXPECT_FALSE(SymbolTable(view(symbol_table({}, false))).compresses());
}

TEST(FsstTest, RefusesACodeWithoutASymbol) {
  expect_corrupt("has code 3, but the symbol table has 3", [] { decoded(three_symbols, "\3"); });
}

TEST(FsstTest, RefusesAnEscapeAtTheEnd) {
  expect_corrupt("ends within an escaped byte", [] { decoded(three_symbols, "\1\xff"); });
}

TEST(FsstTest, RefusesAnotherMagic) {
  expect_corrupt("starts with 0x0", [] { SymbolTable(view(std::string(8, '\0'))); });
}

TEST(FsstTest, RefusesSymbolsOfNineBytes) {
  std::string table = three_symbols;
  table.back() = 9;
  expect_corrupt("FSST symbol 2 has 9 bytes", [&] { SymbolTable{view(table)}; });
}

TEST(FsstTest, RefusesEmptySymbols) {
  std::string table = three_symbols;
  table.back() = 0;
  expect_corrupt("FSST symbol 2 has 0 bytes", [&] { SymbolTable{view(table)}; });
}

TEST(FsstTest, RefusesEveryPrefixOfTheTable) {
  for (std::size_t length = 0; length < three_symbols.size(); ++length) {
    EXPECT_THROW(SymbolTable{view(three_symbols.substr(0, length))}, Error) << length;
  }
}

}  // namespace
}  // namespace lancekeep::lance
