// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/json_stream.h"

#include "formats/safetensors/safetensors_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

// Records all events.
class Recorder : public JsonEvents {
 public:
  using JsonEvents::JsonEvents;
  bool null() override { return note("null"); }
  bool boolean(bool value) override { return note(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) override { return note(std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) override { return note(std::to_string(value)); }
  bool number_float(double, const std::string& value) override { return note(value); }
  bool string(std::string& value) override { return note("'" + value + "'"); }
  bool key(std::string& value) override { return note(value + ":"); }
  bool start_object(std::size_t) override { return note("{"); }
  bool end_object() override { return note("}"); }
  bool start_array(std::size_t) override { return note("["); }
  bool end_array() override { return note("]"); }

  std::string text;

 private:
  bool note(const std::string& event) {
    text += event + " ";
    return true;
  }
};

std::string parsed(const std::string& json, std::uint64_t limit = 1 << 20) {
  io::MemoryBudget budget(limit, "m.json");
  JsonStream stream(file_of("12" + json + "3", "m.json"), 2, json.size(), "the text", budget);
  Recorder events(stream);
  parse_json_object(stream, events);
  return events.text;
}

auto parsing(const std::string& json) {
  return [json] { (void)parsed(json); };
}

TEST(JsonStream, ParsesARangeOfAFile) {
  EXPECT_EQ(parsed(R"({"a": [1, -2, 1.50, true, null], "b\"\\": {"c" : "d\u00e4"}})"),
            "{ a: [ 1 -2 1.50 true null ] b\"\\: { c: 'd\xC3\xA4' } } ");
}

TEST(JsonStream, PiecesMayEndAnywhere) {
  for (const int length : {65526, 65527, 65528, 65529, 65530, 65531, 65532, 65536}) {
    const std::string text(static_cast<std::size_t>(length), 'x');
    EXPECT_EQ(parsed(R"({"a":")" + text + R"(","b":"\\"})"), "{ a: '" + text + "' b: '\\' } ");
  }
}

TEST(JsonStream, WhiteSpaceTakesNoMemory) {
  const std::string spaces(1 << 20, ' ');
  EXPECT_EQ(parsed(spaces + "{" + spaces + "\"a b\"" + spaces + "\n\t\r:" + spaces + "1}" + spaces),
            "{ a b: 1 } ");
}

TEST(JsonStream, SpacesWithinStringsAreKept) {
  EXPECT_EQ(parsed(R"({"a  b":"\"   \\"})"), "{ a  b: '\"   \\' } ");
}

TEST(JsonStream, AStringBeyondTheBudgetIsRejected) {
  EXPECT_THAT(parsing(R"({"a":")" + std::string(200'000, 'x') + R"("})"),
              fails_with(ErrorCode::unsupported, "a string of the text would take more than"));
}

TEST(JsonStream, ManyShortStringsTakeTheMemoryOfOne) {
  std::string many = R"({"a":"b")";
  for (int i = 0; i < 100'000; ++i) many += R"(,"a":"b")";
  EXPECT_EQ(parsed(many + "}").size(), 2 + 100'001 * 7 + 2u);
}

TEST(JsonStream, ManyNumbersTakeTheMemoryOfOne) {
  std::string many = R"({"a":[1)";
  for (int i = 0; i < 100'000; ++i) many += ",-1.5e3";
  EXPECT_EQ(parsed(many + "]}", 64 << 10).size(), 9 + 100'000 * 7 + 4u);
}

TEST(JsonStream, ANumberBeyondTheBudgetIsRejected) {
  EXPECT_THAT(parsing(R"({"a":)" + std::string(200'000, '1') + "}"),
              fails_with(ErrorCode::unsupported, "a string of the text would take more than"));
}

TEST(JsonStream, AnErrorHasTheOffsetInTheFile) {
  EXPECT_THAT(
      parsing(R"({"a":x})"),
      fails_with(ErrorCode::corrupt,
                 "m.json: at byte 8: invalid JSON in the text near `\"a\":x`: syntax error"));
}

TEST(JsonStream, ANulIsRejected) {
  EXPECT_THAT(parsing(std::string("{}\0", 3)),
              fails_with(ErrorCode::corrupt,
                         "m.json: at byte 4: invalid JSON in the text: it contains a NUL"));
  EXPECT_THAT(parsing(std::string("{\"\0\"", 4)), fails_with(ErrorCode::corrupt, "contains a NUL"));
}

TEST(JsonStream, TextAfterTheObjectIsRejected) {
  EXPECT_THAT(parsing("{} {}"), fails_with(ErrorCode::corrupt, "invalid JSON in the text near"));
}

TEST(JsonStream, AnythingButAnObjectIsRejected) {
  EXPECT_THAT(parsing(""), fails_with(ErrorCode::corrupt, "does not start with `{`"));
  EXPECT_THAT(parsing("[]"), fails_with(ErrorCode::corrupt, "does not start with `{`"));
}

TEST(JsonStream, TextThatIsNotUtf8IsRejected) {
  EXPECT_THAT(parsing("{\"\xff\":1}"),
              fails_with(ErrorCode::corrupt, "invalid JSON in the text near"));
  EXPECT_THAT(parsing(R"({"\ud800":1})"),
              fails_with(ErrorCode::corrupt, "invalid JSON in the text near"));
}

}  // namespace
}  // namespace lancekeep::formats
