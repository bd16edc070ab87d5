// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

TEST(Table, AlignsColumnsByCodePoints) {
  Table table({{"name", Table::Align::left}, {"size", Table::Align::right}});
  table.add({"größe", "5 B"});
  table.add({"w", "18.8 MB"});
  EXPECT_EQ(table.text(),
            "name      size\n"
            "größe      5 B\n"
            "w      18.8 MB\n");
}

TEST(Table, LeavesOutColumnsWithoutText) {
  Table table({{"name", Table::Align::left}, {"tied to", Table::Align::left}});
  table.add({"w", ""});
  EXPECT_EQ(table.text(), "name\nw\n");
}

TEST(Table, KeepsOneRowOnOneLine) {
  Table table({{"name", Table::Align::left}});
  table.add({"a\n\x1b[2J"});
  EXPECT_EQ(table.text(), "name\na\\n\\u001b[2J\n");
}

TEST(EscapeLine, KeepsPlainText) {
  EXPECT_EQ(escape_line("layer1.0.weight größe 重み 🙂"), "layer1.0.weight größe 重み 🙂");
}

TEST(EscapeLine, EscapesControls) {
  EXPECT_EQ(escape_line("a\x1b[31mb\x7f"), "a\\u001b[31mb\\u007f");
}

TEST(EscapeLine, EscapesZeroByte) {
  EXPECT_EQ(escape_line(std::string_view("a\0b", 3)), "a\\u0000b");
}

TEST(EscapeLine, KeepsOneLine) { EXPECT_EQ(escape_line("a\nb\tc\rd"), "a\\nb\\tc\\rd"); }

TEST(EscapeLine, EscapesControlsAboveAscii) {
  EXPECT_EQ(escape_line("\xC2\x9B"
                        "31m"),
            "\\u009b31m");
}

TEST(EscapeLine, EscapesDirectionOverride) {
  EXPECT_EQ(escape_line("a\xE2\x80\xAE"
                        "b"),
            "a\\u202eb");
}

TEST(EscapeLine, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(escape_line("a\xFF"), "a\\xff");
  EXPECT_EQ(escape_line("\xC3"), "\\xc3");                    // cut short
  EXPECT_EQ(escape_line("\xC0\x8A"), "\\xc0\\x8a");           // overlong line feed
  EXPECT_EQ(escape_line("\xE0\x82\x9B"), "\\xe0\\x82\\x9b");  // overlong U+009B
  EXPECT_EQ(escape_line("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(escape_line("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(EscapeJson, KeepsLineFeedsAndEscapesTheRest) {
  EXPECT_EQ(escape_json("{\n\"a\": \"\x7f\xC2\x9B\xFF\"\n}"),
            "{\n\"a\": \"\\u007f\\u009b\\ufffd\"\n}");
}

TEST(EscapeJson, ReplacesATruncatedCodePointOnce) {
  EXPECT_EQ(escape_json("\xE2\x82z"), "\\ufffdz");
  EXPECT_EQ(escape_json("\xE0\x82"), "\\ufffd\\ufffd");
}

TEST(JsonString, IsAsciiInQuotes) {
  EXPECT_EQ(json_string("a\"ö\n\U0001F642"), R"("a\"\u00f6\n\ud83d\ude42")");
}

TEST(DisplayWidth, CountsCodePoints) { EXPECT_EQ(display_width("größe"), 5u); }

}  // namespace
}  // namespace lancekeep::cli
