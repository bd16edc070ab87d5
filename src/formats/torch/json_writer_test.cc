// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/json_writer.h"

#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

std::string written(const std::function<void(JsonWriter&)>& write) {
  io::MemoryBudget budget(1 << 20, "m.pt");
  JsonWriter json(budget);
  write(json);
  const std::vector<char> text = json.take();
  return {text.begin(), text.end()};
}
std::string real(double number) {
  return written([&](JsonWriter& json) { json.real(number); });
}
std::string text(const std::string& content) {
  return written([&](JsonWriter& json) { json.text(content, "the entry `a`"); });
}
std::string base64(const std::string& bytes) {
  return written([&](JsonWriter& json) { json.base64(bytes); });
}

TEST(JsonWriter, RealsAreShortAndNeverLookLikeInts) {
  EXPECT_EQ(real(1), "1.0");
  EXPECT_EQ(real(-0.0), "-0.0");
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(1e15), "1000000000000000.0");
  EXPECT_EQ(real(1e16), "1e+16");
  EXPECT_EQ(real(1e-4), "0.0001");
  EXPECT_EQ(real(1e-5), "1e-05");
  EXPECT_EQ(real(5e-324), "5e-324");
}

TEST(JsonWriter, RealsThatJsonLacksHaveNames) {
  EXPECT_EQ(real(INFINITY), "{\"$float\":\"inf\"}");
  EXPECT_EQ(real(-INFINITY), "{\"$float\":\"-inf\"}");
  EXPECT_EQ(real(std::bit_cast<double>(0x7FF8'0000'0000'0000)), "{\"$float\":\"nan\"}");
  EXPECT_EQ(real(std::bit_cast<double>(0xFFF8'0000'0000'0001)),
            "{\"$float\":\"fff8000000000001\"}");
}

TEST(JsonWriter, TextIsEscaped) {
  EXPECT_EQ(text("a\"\\\n\x01é"), "\"a\\\"\\\\\\n\\u0001é\"");
  EXPECT_EQ(text(""), "\"\"");
  EXPECT_EQ(text("\0"s), "\"\\u0000\"");
}

TEST(JsonWriter, AnUnpairedSurrogateIsKept) {
  EXPECT_EQ(text("\xed\xa0\x80"), "{\"$str\":\"7aCA\"}");
}

TEST(JsonWriter, TextThatIsNotUtf8IsRejected) {
  EXPECT_THAT(
      [] { (void)text("\xff"); },
      fails_with(ErrorCode::corrupt, "the entry `a` holds a str of 1 bytes that is not UTF-8"));
}

TEST(JsonWriter, Base64IsPadded) {
  EXPECT_EQ(base64(""), "\"\"");
  EXPECT_EQ(base64("f"), "\"Zg==\"");
  EXPECT_EQ(base64("fo"), "\"Zm8=\"");
  EXPECT_EQ(base64("foo"), "\"Zm9v\"");
  EXPECT_EQ(base64("\xff\xfe\xfd\xfc"), "\"//79/A==\"");
}

TEST(JsonWriter, BigIntegersAreDecimal) {
  EXPECT_EQ(decimal(std::string(8, '\0') + "\x01"), "18446744073709551616");
  EXPECT_EQ(decimal(std::string(8, '\0') + "\xff"), "-18446744073709551616");
  EXPECT_EQ(decimal("\x07"), "7");
  EXPECT_EQ(decimal(""), "0");
  EXPECT_EQ(decimal(std::string("\x00\xca\x9a\x3b\x00", 5)), "1000000000");
  EXPECT_EQ(written([](JsonWriter& json) { json.big_integer("\xff"); }), "{\"$int\":\"-1\"}");
}

TEST(JsonWriter, IsChargedToTheBudget) {
  io::MemoryBudget budget(100, "m.pt");
  JsonWriter json(budget);
  json.raw(std::string(90, 'x'));
  EXPECT_EQ(budget.left(), 10u);
  EXPECT_THAT([&] { json.base64(std::string(30, 'x')); },
              fails_with(ErrorCode::unsupported, "the JSON text of the file's values"));
}

}  // namespace
}  // namespace lancekeep::formats
