// SPDX-License-Identifier: Apache-2.0
// Values that the plain layout cannot represent are rejected with their tensor's name; others are
// converted to float64, in pieces of any size.
#include "store/save/to_float64.h"

#include "io/testing/error_matcher.h"
#include "store/testing/plain_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

namespace lancekeep::store {
namespace {

using io::fails_with;

void expect_refused_dtype(const std::string& dtype, std::size_t nbytes, const char* part) {
  MemorySource source;
  source.add("good", "float32", {1}, std::string(4, '\0'));
  source.add("x.y", dtype, {}, std::string(nbytes, '\0'));
  EXPECT_THAT([&] { check_plain_dtypes(source.tensors()); },
              fails_with(ErrorCode::invalid_argument, part));
}

TEST(PlainDtypes, OfNumbersAreAccepted) {
  MemorySource source;
  for (const char* dtype :
       {"float64", "float32", "float16", "bfloat16", "bool", "int8", "uint8", "int16", "uint16",
        "int32", "uint32", "int64", "uint64", "float8_e4m3fn", "float8_e5m2"}) {
    source.add(dtype, dtype, {}, std::string(*dtype_itemsize(dtype), '\0'));
  }
  EXPECT_NO_THROW(check_plain_dtypes(source.tensors()));
}

TEST(PlainDtypes, ComplexIsRejected) {
  expect_refused_dtype("complex64", 8, "tensor `x.y` has the dtype complex64");
}
TEST(PlainDtypes, QuantizedIsRejected) {
  expect_refused_dtype("qint8", 1, "tensor `x.y` has the dtype qint8");
}
TEST(PlainDtypes, AnUnknownOneIsRejected) {
  expect_refused_dtype("float24", 3, "tensor `x.y` has the dtype float24");
}
TEST(PlainDtypes, AJsonRowIsRejected) {
  expect_refused_dtype("json", 4, "`x.y` is not a tensor but a json value");
}
TEST(PlainDtypes, ATreeIsRejected) {
  expect_refused_dtype("tree", 4, "`x.y` is not a tensor but a tree value");
}

TEST(PlainDtypes, MoreValuesThanAListHoldsAreRejected) {
  const std::vector<TensorSpec> specs{
      {"most", "bool", {2147483647}, 2147483647},
      {"too.many", "bool", {2147483648}, 2147483648},
  };
  EXPECT_NO_THROW(check_plain_dtypes(std::span(specs).first(1)));
  EXPECT_THAT([&] { check_plain_dtypes(specs); },
              fails_with(ErrorCode::invalid_argument, "tensor `too.many` has 2147483648 values"));
}

class ToFloat64 : public testing::Test {
 protected:
  void check() {
    const Progress none;
    SaveProgress progress(none, 0);
    check_plain_values(source_, progress);
  }
  std::vector<double> read(std::size_t index) {
    std::string bytes;
    read_as_float64(source_, index, [&](std::span<const std::byte> piece) {
      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
    std::vector<double> values(bytes.size() / sizeof(double));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  MemorySource source_;
};

TEST_F(ToFloat64, AnInt64Beyond53BitsIsRejected) {
  source_.add("steps", "int64", {3}, numbers<std::int64_t>({1, 9007199254740993, 3}));
  EXPECT_THAT([&] { check(); },
              fails_with(ErrorCode::invalid_argument,
                         "tensor `steps` cannot be saved in the plain layout, whose values are "
                         "float64: its int64 value at index 1, 9007199254740993, is not exactly"));
}

TEST_F(ToFloat64, AUint64Beyond53BitsIsRejected) {
  source_.add("seed", "uint64", {}, std::string(8, '\xff'));
  EXPECT_THAT([&] { check(); },
              fails_with(ErrorCode::invalid_argument,
                         "its uint64 value at index 0, 18446744073709551615, is"));
}

TEST_F(ToFloat64, AFloat8NanThatConvertingWouldChangeIsRejected) {
  source_.add("w", "float8_e5m2", {2}, std::string("\x3c\x7d", 2));
  EXPECT_THAT([&] { check(); },
              fails_with(ErrorCode::invalid_argument,
                         "its float8_e5m2 value at index 1, 0x7d (its bits), is"));
}

TEST_F(ToFloat64, LargeIntegersThatFloat64RepresentsAreAccepted) {
  source_.add(
      "steps", "int64", {2},
      numbers<std::int64_t>({std::int64_t{1} << 62, std::numeric_limits<std::int64_t>::min()}));
  check();
  EXPECT_EQ(read(0), (std::vector<double>{0x1p62, -0x1p63}));
}

TEST_F(ToFloat64, OnlyDtypesThatMayBeInexactAreRead) {
  struct Unread : MemorySource {
    void read(std::size_t index, const ByteSink& sink) override {
      EXPECT_EQ(index, 1u);
      MemorySource::read(index, sink);
    }
  } source;
  source.add("w", "float32", {1}, std::string(4, '\0'));
  source.add("n", "int64", {}, std::string(8, '\0'));
  source.tie("tied", 1);
  const Progress none;
  SaveProgress progress(none, 0);
  check_plain_values(source, progress);
}

TEST_F(ToFloat64, ABoolThatIsNeither0Nor1IsRejectedWhenRead) {
  source_.add("mask", "bool", {2}, std::string("\1\2", 2));
  EXPECT_THAT([&] { (void)read(0); }, fails_with(ErrorCode::invalid_argument,
                                                 "its bool value at index 1, 0x02 (its bits), is"));
}

TEST_F(ToFloat64, NansKeepTheirBitsSignallingOnesToo) {
  source_.add("w", "float32", {2}, numbers<std::uint32_t>({0x7fc00123, 0x7f800001}));
  const std::vector<double> values = read(0);
  ASSERT_EQ(values.size(), 2u);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(values[0]), 0x7ff8002460000000u);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(values[1]), 0x7ff0000020000000u);
}

TEST_F(ToFloat64, AreConvertedWhateverThePieces) {
  struct Crumbs : MemorySource {
    void read(std::size_t index, const ByteSink& sink) override {
      const auto bytes = std::as_bytes(std::span(content.at(index)));
      for (std::size_t i = 0, n = 1; i < bytes.size(); i += n, n = n % 11 + 1) {
        if (!sink(bytes.subspan(i, std::min(n, bytes.size() - i)))) return;
      }
    }
  } source;
  constexpr std::size_t kCount = 50'000;
  std::string bytes;
  for (std::size_t i = 0; i < kCount; ++i) bytes += numbers<float>({0.5f * static_cast<float>(i)});
  source.add("w", "float32", {kCount}, bytes);
  std::vector<double> found;
  read_as_float64(source, 0, [&](std::span<const std::byte> piece) {
    const std::size_t old = found.size();
    found.resize(old + piece.size() / sizeof(double));
    std::memcpy(found.data() + old, piece.data(), piece.size());
  });
  ASSERT_EQ(found.size(), kCount);
  for (std::size_t i = 0; i < kCount; ++i) ASSERT_EQ(found[i], 0.5 * static_cast<double>(i));
}

TEST_F(ToFloat64, ASourceThatGivesMoreThanItAnnouncedIsRejected) {
  source_.add("w", "float32", {1}, std::string(8, '\0'));
  source_.spec(0).nbytes = 4;
  EXPECT_THAT([&] { (void)read(0); },
              fails_with(ErrorCode::invalid_argument, "tensor `w` gave more than the 4 bytes"));
}

TEST_F(ToFloat64, ASourceThatGivesFewerIsRejected) {
  source_.add("w", "float32", {2}, std::string(4, '\0'));
  source_.spec(0).nbytes = 8;
  EXPECT_THAT([&] { (void)read(0); },
              fails_with(ErrorCode::invalid_argument, "tensor `w` gave fewer than the 8 bytes"));
}

}  // namespace
}  // namespace lancekeep::store
