// SPDX-License-Identifier: Apache-2.0
// Compares the documents with those of nlohmann/json.
#include "cli/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <limits>
#include <random>

namespace lancekeep::cli {
namespace {

std::string expected(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace);
}

TEST(Json, WritesEveryKindOfValue) {
  Json document =
      Json::object({{"null", {}},
                    {"yes", true},
                    {"no", false},
                    {"unsigned", std::numeric_limits<std::uint64_t>::max()},
                    {"signed", std::vector<std::int64_t>{-1, 2}},
                    {"set", std::optional<std::uint32_t>(7)},
                    {"unset", std::optional<std::string>()},
                    {"texts", std::map<std::string, std::string>{{"b", "2"}, {"a", ""}}},
                    {"empty", Json::Array()},
                    {"none", Json::Object()}});
  document.add("more", Json::Array{Json::object({{"a", 1}}), "text", Json()});
  document.add(Json::object({{"last", 0.5}}));
  const nlohmann::ordered_json same = {{"null", nullptr},
                                       {"yes", true},
                                       {"no", false},
                                       {"unsigned", std::numeric_limits<std::uint64_t>::max()},
                                       {"signed", {-1, 2}},
                                       {"set", 7},
                                       {"unset", nullptr},
                                       {"texts", {{"a", ""}, {"b", "2"}}},
                                       {"empty", nlohmann::ordered_json::array()},
                                       {"none", nlohmann::ordered_json::object()},
                                       {"more", {{{"a", 1}}, "text", nullptr}},
                                       {"last", 0.5}};
  EXPECT_EQ(document.text(), expected(same));
}

TEST(Json, EscapesText) {
  for (const std::string text :
       {"", "plain", "\" \\ / \b\f\n\r\t", "\x01\x1f\x7f", "größe 重み \U0001F642",
        "\xC2\x9B\xE2\x80\xAE", "\xFF", "a\xC3", "\xC0\x8A", "\xE0\x82\x9B", "\xED\xA0\x80",
        "\xF4\x90\x80\x80", "\xE2\x82", "\xE2\x82z", "\xF0\x9F\x99", "\xF0\x9F\x99\xC3\xA4",
        "\xE2\x82\xE2\x82\xAC"}) {
    EXPECT_EQ(Json(text).text(), expected(text)) << text;
  }
  EXPECT_EQ(Json(std::string("a\0b", 3)).text(), R"("a\u0000b")");
}

TEST(Json, EscapesNames) {
  EXPECT_EQ(Json::object({{"\x1b\"", 1}}).text(), "{\n  \"\\u001b\\\"\": 1\n}");
}

TEST(Json, WritesNumbers) {
  for (const double value : {0.0,
                             -0.0,
                             1.0,
                             -1.0,
                             0.5,
                             0.1,
                             100.0,
                             1e14,
                             1e15,
                             123456789012345.0,
                             1234567890123456.0,
                             1e16,
                             1.5e20,
                             0.001,
                             0.0001,
                             0.00012,
                             0.00001,
                             -1.25e-5,
                             1e100,
                             5e-324,
                             12345.678,
                             std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::min(),
                             std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(Json(value).text(), expected(value)) << value;
  }
}

// Not compared with nlohmann/json, which does not always find the shortest digits: each text must
// read back as the same number.
TEST(Json, NumbersReadBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string text = Json(value).text();
    ASSERT_EQ(nlohmann::json::parse(text).get<double>(), value) << text;
    ASSERT_LE(text.size(), expected(value).size());
  }
}

TEST(Json, AnEmptyTextMayBeNull) {
  EXPECT_EQ(text_or_null("").text(), "null");
  EXPECT_EQ(text_or_null("a").text(), "\"a\"");
}

}  // namespace
}  // namespace lancekeep::cli
