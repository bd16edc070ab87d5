// SPDX-License-Identifier: Apache-2.0
#include "lance/encoding/codecs.h"

#include "lance/encoding/codecs_testing.h"

#include <limits>
#include <random>

namespace lancekeep::lance {
namespace {

constexpr std::array<std::size_t, 8> kOrder = {0, 4, 2, 6, 1, 5, 3, 7};

// Packs bit by bit, straight from the definition in the header.
template <typename T>
std::vector<T> pack(const std::vector<T>& values, unsigned width) {
  constexpr unsigned bits = std::numeric_limits<T>::digits;
  constexpr std::size_t lanes = 1024 / bits;
  std::vector<T> words(1024 * width / bits);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    for (unsigned row = 0; row < bits; ++row) {
      const T value = values[kOrder[row / 8] * 16 + row % 8 * 128 + lane];
      for (unsigned bit = 0; bit < width; ++bit) {
        const unsigned at = row * width + bit;
        if ((value >> bit & 1) != 0)
          words[at / bits * lanes + lane] |= static_cast<T>(T{1} << at % bits);
      }
    }
  }
  return words;
}

template <typename T>
std::vector<T> random_values(unsigned width, std::size_t count = 1024) {
  std::mt19937_64 random(width);
  std::vector<T> values(count);
  for (T& value : values) value = width == 0 ? T{0} : static_cast<T>(random() >> (64 - width));
  return values;
}

template <typename T>
class BitPackingTest : public ::testing::Test {
 protected:
  static constexpr unsigned bits = std::numeric_limits<T>::digits;
};
using Words = ::testing::Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(BitPackingTest, Words);

TYPED_TEST(BitPackingTest, UnpacksEveryWidthInline) {
  for (unsigned width = 0; width <= this->bits; ++width) {
    const auto values = random_values<TypeParam>(width);
    const std::string block =
        raw<TypeParam>({static_cast<TypeParam>(width)}) + raw(pack(values, width));
    std::vector<std::byte> out;
    append_inline_bitpacked(view(block), this->bits, 1024, out);
    EXPECT_EQ(numbers<TypeParam>(out), values) << width;
  }
}

TYPED_TEST(BitPackingTest, UnpacksEveryWidthOutOfLine) {
  for (unsigned width = 0; width <= this->bits; ++width) {
    const auto values = random_values<TypeParam>(width);
    std::vector<std::byte> out;
    append_out_of_line_bitpacked(view(raw(pack(values, width))), this->bits, width, 1024, out);
    EXPECT_EQ(numbers<TypeParam>(out), values) << width;
  }
}

TYPED_TEST(BitPackingTest, StopsAtTheCount) {
  const auto values = random_values<TypeParam>(3);
  std::vector<std::byte> out;
  append_inline_bitpacked(view(raw<TypeParam>({3}) + raw(pack(values, 3))), this->bits, 10, out);
  EXPECT_EQ(numbers<TypeParam>(out), std::vector<TypeParam>(values.begin(), values.begin() + 10));
}

TYPED_TEST(BitPackingTest, ReadsARawTail) {
  const auto values = random_values<TypeParam>(5);
  const std::vector<TypeParam> tail = {1, 2, 200};
  std::vector<std::byte> out;
  append_out_of_line_bitpacked(view(raw(pack(values, 5)) + raw(tail)), this->bits, 5, 1027, out);
  auto expected = values;
  expected.insert(expected.end(), tail.begin(), tail.end());
  EXPECT_EQ(numbers<TypeParam>(out), expected);
}

TYPED_TEST(BitPackingTest, ReadsAPackedTail) {
  const auto values = random_values<TypeParam>(5);
  std::vector<std::byte> out;
  append_out_of_line_bitpacked(view(raw(pack(values, 5)) + raw(pack(values, 5))), this->bits, 5,
                               1027, out);
  auto expected = values;
  expected.insert(expected.end(), values.begin(), values.begin() + 3);
  EXPECT_EQ(numbers<TypeParam>(out), expected);
}

TYPED_TEST(BitPackingTest, RejectsAWidthBeyondTheWord) {
  std::vector<std::byte> out;
  const auto width = static_cast<TypeParam>(this->bits + 1);
  expect_corrupt("are packed to", [&] {
    append_inline_bitpacked(view(raw<TypeParam>({width}) + std::string(16384, '\0')), this->bits, 1,
                            out);
  });
  expect_corrupt("are packed to", [&] {
    append_out_of_line_bitpacked(view(std::string(16384, '\0')), this->bits, this->bits + 1, 1,
                                 out);
  });
}

TEST(BitPackingBlockTest, RejectsMoreValuesThanABlockHolds) {
  std::vector<std::byte> out;
  expect_corrupt("1025 values", [&] {
    append_inline_bitpacked(view(raw<std::uint16_t>({16}) + std::string(4096, '\0')), 16, 1025,
                            out);
  });
}

TEST(BitPackingBlockTest, RejectsEveryPrefixOfABlock) {
  const std::string block = raw<std::uint32_t>({2}) + raw(pack(random_values<std::uint32_t>(2), 2));
  std::vector<std::byte> out;
  for (std::size_t length = 0; length < block.size(); ++length) {
    EXPECT_THROW(append_inline_bitpacked(view(block.substr(0, length)), 32, 1, out), Error)
        << length;
  }
}

TEST(BitPackingBlockTest, RejectsATruncatedOutOfLineBlock) {
  std::vector<std::byte> out;
  expect_corrupt("bit-packed values needs 128 bytes", [&] {
    append_out_of_line_bitpacked(view(std::string(127, '\0')), 16, 1, 1000, out);
  });
}

TEST(BitPackingBlockTest, RejectsWordsOfOtherWidths) {
  std::vector<std::byte> out;
  expect_corrupt("of 24 bits",
                 [&] { append_inline_bitpacked(view(std::string(64, '\0')), 24, 1, out); });
  expect_corrupt("of 128 bits", [&] { append_out_of_line_bitpacked(view(""), 128, 0, 1, out); });
}

template <typename T>
std::vector<T> runs(std::initializer_list<T> values, std::initializer_list<std::uint8_t> lengths,
                    std::uint64_t count) {
  std::vector<std::byte> out;
  append_runs(view(raw(values)), view(raw(lengths)), sizeof(T), count, out);
  return numbers<T>(out);
}

TEST(RunLengthTest, RepeatsValuesOfEachWidth) {
  EXPECT_EQ(runs<std::uint8_t>({7, 8}, {2, 1}, 3), (std::vector<std::uint8_t>{7, 7, 8}));
  EXPECT_EQ(runs<std::uint16_t>({700, 8}, {2, 1}, 3), (std::vector<std::uint16_t>{700, 700, 8}));
  EXPECT_EQ(runs<std::uint32_t>({70000, 8}, {2, 1}, 3),
            (std::vector<std::uint32_t>{70000, 70000, 8}));
  EXPECT_EQ(runs<std::uint64_t>({1ULL << 40, 8}, {2, 1}, 3),
            (std::vector<std::uint64_t>{1ULL << 40, 1ULL << 40, 8}));
}

TEST(RunLengthTest, ReadsALongRunAsSeveral) {
  EXPECT_EQ(runs<std::uint16_t>({3, 3}, {255, 45}, 300), std::vector<std::uint16_t>(300, 3));
}

TEST(RunLengthTest, ReadsNoRuns) { EXPECT_TRUE(runs<std::uint16_t>({}, {}, 0).empty()); }

TEST(RunLengthTest, IgnoresTheExcessOfTheLastRun) {
  EXPECT_EQ(runs<std::uint16_t>({7, 8}, {2, 5}, 4), (std::vector<std::uint16_t>{7, 7, 8, 8}));
}

TEST(RunLengthTest, RejectsRunsThatAreTooLong) {
  expect_corrupt("runs have 3 values in total, expected 2",
                 [] { runs<std::uint16_t>({7, 8}, {2, 1}, 2); });
}

TEST(RunLengthTest, RejectsRunsThatAreTooShort) {
  expect_corrupt("runs have 3 values in total, expected 4",
                 [] { runs<std::uint16_t>({7, 8}, {2, 1}, 4); });
}

TEST(RunLengthTest, RejectsAHugeCountBeforeAllocating) {
  expect_corrupt("runs have 3 values in total",
                 [] { runs<std::uint64_t>({7, 8}, {2, 1}, ~std::uint64_t{0}); });
}

TEST(RunLengthTest, RejectsLengthsWithoutValues) {
  expect_corrupt("2 run lengths for 2 bytes of values",
                 [] { runs<std::uint16_t>({7}, {2, 1}, 3); });
}

TEST(RunLengthTest, RejectsHalfAValue) {
  std::vector<std::byte> out;
  expect_corrupt("1 run lengths for 3 bytes of values",
                 [&] { append_runs(view("abc"), view(raw<std::uint8_t>({1})), 2, 1, out); });
}

TEST(RunLengthTest, RejectsOtherWidths) {
  std::vector<std::byte> out;
  expect_unsupported("runs of 3-byte values",
                     [&] { append_runs(view("abc"), view(raw<std::uint8_t>({1})), 3, 1, out); });
}

std::string decoded(const std::string& table, const std::string& codes) {
  const SymbolTable symbols(view(table));
  const io::ByteView page = view(codes);
  std::vector<std::byte> out;
  symbols.append(page.bytes(), page, out);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

const std::string three_symbols = symbol_table({"layer.", "weight", "x"});

TEST(FsstTest, ReplacesCodesWithSymbols) {
  EXPECT_EQ(decoded(three_symbols, std::string("\0\2\1", 3)), "layer.xweight");
}

TEST(FsstTest, KeepsEscapedBytes) {
  EXPECT_EQ(decoded(three_symbols, "\xff\1\1\xff\xff"), "\1weight\xff");
}

TEST(FsstTest, DecodesAnEmptyString) { EXPECT_EQ(decoded(three_symbols, ""), ""); }

TEST(FsstTest, AppendsToExistingBytes) {
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

TEST(FsstTest, RejectsACodeWithoutASymbol) {
  expect_corrupt("has code 3, but the symbol table has 3 symbols",
                 [] { decoded(three_symbols, "\3"); });
}

TEST(FsstTest, RejectsAnEscapeAtTheEnd) {
  expect_corrupt("ends with an escape code", [] { decoded(three_symbols, "\1\xff"); });
}

TEST(FsstTest, RejectsAnotherMagic) {
  expect_corrupt("starts with 0x0", [] { SymbolTable(view(std::string(8, '\0'))); });
}

TEST(FsstTest, RejectsSymbolsOfNineBytes) {
  std::string table = three_symbols;
  table.back() = 9;
  expect_corrupt("FSST symbol 2 has 9 bytes", [&] { SymbolTable{view(table)}; });
}

TEST(FsstTest, RejectsEmptySymbols) {
  std::string table = three_symbols;
  table.back() = 0;
  expect_corrupt("FSST symbol 2 has 0 bytes", [&] { SymbolTable{view(table)}; });
}

TEST(FsstTest, RejectsEveryPrefixOfTheTable) {
  for (std::size_t length = 0; length < three_symbols.size(); ++length) {
    EXPECT_THROW(SymbolTable{view(three_symbols.substr(0, length))}, Error) << length;
  }
}

constexpr std::uint64_t kMaxBytes = 1 << 30;
const std::string kText = "tensor tensor tensor tensor tensor tensor";

TEST(DecompressTest, ReadsLz4) {
  EXPECT_EQ(decompress(view(lz4(kText, 41)), GeneralScheme::lz4, kMaxBytes).text(), kText);
}

TEST(DecompressTest, ReadsZstd) {
  EXPECT_EQ(decompress(view(zstd(kText, 41)), GeneralScheme::zstd, kMaxBytes).text(), kText);
}

TEST(DecompressTest, ReadsNothing) {
  EXPECT_EQ(decompress(view(lz4("", 0)), GeneralScheme::lz4, kMaxBytes).text(), "");
  EXPECT_EQ(decompress(view(zstd("", 0)), GeneralScheme::zstd, kMaxBytes).text(), "");
}

TEST(DecompressTest, ReadsVeryCompressibleBytes) {
  const std::string zeros(10'000'000, '\0');
  EXPECT_EQ(decompress(view(zstd(zeros, zeros.size())), GeneralScheme::zstd, kMaxBytes).text(),
            zeros);
  EXPECT_EQ(decompress(view(lz4(zeros, 10'000'000)), GeneralScheme::lz4, kMaxBytes).text(), zeros);
}

TEST(DecompressTest, RejectsMoreBytesThanLz4CanHold) {
  expect_corrupt("claim to decompress to 4294967295 bytes",
                 [] { (void)decompress(view(lz4(kText, ~0U)), GeneralScheme::lz4, kMaxBytes); });
}

TEST(DecompressTest, RejectsMoreBytesThanZstdCanHold) {
  expect_corrupt("claim to decompress to 18446744073709551615 bytes", [] {
    (void)decompress(view(zstd(kText, ~std::uint64_t{0})), GeneralScheme::zstd, kMaxBytes);
  });
}

TEST(DecompressTest, RejectsMoreBytesThanTheCallerAllows) {
  for (const auto& [bytes, scheme] : {std::pair(lz4(kText, 41), GeneralScheme::lz4),
                                      std::pair(zstd(kText, 41), GeneralScheme::zstd)}) {
    EXPECT_EQ(decompress(view(bytes), scheme, 41).text(), kText);
    expect_corrupt("claim to decompress to 41 bytes, expected at most 40",
                   [&] { (void)decompress(view(bytes), scheme, 40); });
  }
}

TEST(DecompressTest, RejectsAnLz4SizeThatIsTooLarge) {
  expect_corrupt("does not decompress to the 42 bytes",
                 [] { (void)decompress(view(lz4(kText, 42)), GeneralScheme::lz4, kMaxBytes); });
}

TEST(DecompressTest, RejectsAnLz4SizeThatIsTooSmall) {
  expect_corrupt("does not decompress to the 40 bytes",
                 [] { (void)decompress(view(lz4(kText, 40)), GeneralScheme::lz4, kMaxBytes); });
}

TEST(DecompressTest, RejectsAZstdSizeThatIsTooLarge) {
  expect_corrupt("a zstd frame holds 41 bytes, expected 42",
                 [] { (void)decompress(view(zstd(kText, 42)), GeneralScheme::zstd, kMaxBytes); });
}

TEST(DecompressTest, RejectsAZstdSizeThatIsTooSmall) {
  expect_corrupt("a zstd frame is damaged",
                 [] { (void)decompress(view(zstd(kText, 40)), GeneralScheme::zstd, kMaxBytes); });
}

TEST(DecompressTest, RejectsEveryPrefix) {
  for (const auto& [bytes, scheme] :
       {std::pair{lz4(kText, 41), GeneralScheme::lz4}, {zstd(kText, 41), GeneralScheme::zstd}}) {
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_THROW((void)decompress(view(bytes.substr(0, length)), scheme, kMaxBytes), Error)
          << length;
    }
  }
}

}  // namespace

}  // namespace lancekeep::lance
