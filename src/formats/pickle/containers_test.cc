// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle/containers.h"

#include "formats/pickle/machine.h"
#include "formats/pickle/pickle_testing.h"
#include "io/testing/error_matcher.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using namespace std::string_literals;

const std::string kOne = "K\x01";
const std::string kWholeReal = "G\x3f\xf0\0\0\0\0\0\0"s;
const std::string kNan = "G\x7f\xf8\0\0\0\0\0\0"s;
const std::string kHalf = "G\x3f\xe0\0\0\0\0\0\0"s;
const std::string kTrue = "\x88";
const std::string kBig = "\x8a\x09"s + std::string(9, '\x01');

PickleDocument load_any(const std::string& body) {
  io::MemoryBudget budget(64 << 20, "data.pkl");
  const auto knows = [](std::string_view, std::string_view) { return true; };
  return load_pickle(io::ByteView::of(whole_pickle(body), "data.pkl"), knows, budget);
}

// Loads a dict that maps these keys to 0, 1, 2, ..., and returns the values that remain.
std::vector<std::int64_t> values_of(const std::vector<std::string>& keys) {
  std::string body = "}(";
  for (std::size_t i = 0; i < keys.size(); ++i) body += keys[i] + "K" + static_cast<char>(i);
  const PickleDocument document = load_any(body + "u");
  std::vector<std::int64_t> values;
  const auto items = document.node(document.root)->items();
  for (std::size_t i = 1; i < items.size(); i += 2) {
    values.push_back(document.integer(items[i]).value());
  }
  return values;
}

using Values = std::vector<std::int64_t>;

TEST(PickleKeys, TheLastValueOfAKeyIsAtTheFirstPosition) {
  EXPECT_EQ(values_of({pickled("a"), pickled("b"), pickled("a")}), (Values{2, 1}));
  EXPECT_EQ(values_of({"N", pickled("b"), "N", "N"}), (Values{3, 1}));
}

TEST(PickleKeys, NumbersAreEqualAcrossTheirTypes) {
  EXPECT_EQ(values_of({kOne, kWholeReal, kTrue}), (Values{2}));
  EXPECT_EQ(values_of({kOne, kWholeReal, kOne}), (Values{2}));
  EXPECT_EQ(values_of({kBig, kOne, kBig}), (Values{2, 1}));
  EXPECT_EQ(values_of({kHalf, kHalf}), (Values{1}));
}

TEST(PickleKeys, TheFirstKeyIsKept) {
  const PickleDocument document = load_any("}" + kTrue + "Ns" + kOne + "Ns");
  const auto items = document.node(document.root)->items();
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(document.boolean(items[0]), true);
}

TEST(PickleKeys, DifferentKeysAreKept) {
  EXPECT_EQ(values_of({pickled("a"), "C\x01"s + "a", kOne, kHalf, "N", kNan, kNan, ")", kBig}),
            (Values{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(PickleKeys, TuplesAreComparedByTheirItems) {
  EXPECT_EQ(values_of({kOne + pickled("a") + "\x86", kTrue + pickled("a") + "\x86",
                       kOne + pickled("b") + "\x86", kOne + "\x85"}),
            (Values{1, 2, 3}));
}

TEST(PickleKeys, ASetHasEachItemOnce) {
  const PickleDocument document =
      load_any("\x8f(" + kOne + kTrue + pickled("x") + pickled("x") + "\x90");
  EXPECT_EQ(document.node(document.root)->count, 2u);
}

TEST(PickleKeys, AContainerIsNotAKey) {
  EXPECT_THAT([] { (void)load_any("}]Ns"); },
              fails_with(ErrorCode::unsupported, "a key is a list"));
  EXPECT_THAT([] { (void)load_any("\x8f(}\x90"); },
              fails_with(ErrorCode::unsupported, "a key is a dict"));
  EXPECT_THAT([] { (void)load_any("}]\x85Ns"); },
              fails_with(ErrorCode::unsupported, "a key is a tuple"));
  EXPECT_THAT([] { (void)load_any("}\x96\x01\0\0\0\0\0\0\0aNs"s); },
              fails_with(ErrorCode::unsupported, "a key is a bytearray"));
}

TEST(PickleKeys, ADeepTupleIsNotAKey) {
  EXPECT_THAT([] { (void)load_any("})" + std::string(9, '\x85') + "Ns"); },
              fails_with(ErrorCode::unsupported, "a key is a tuple"));
}

TEST(PickleKeys, AKeyLongerThanAnyNameIsRejected) {
  EXPECT_THAT([] { (void)load_any("}" + pickled(std::string(70'000, 'a')) + "Ns"); },
              fails_with(ErrorCode::unsupported, "a str of more than 65536 bytes"));
  EXPECT_THAT([] { (void)load_any("}" + pickled(std::string(1100, 'a')) + "\x85Ns"); },
              fails_with(ErrorCode::unsupported, "a tuple of more than 1024 bytes"));
}

// If these keys were compared byte by byte each time, the test would take minutes.
TEST(PickleKeys, RepeatedLongKeysAreComparedOnce) {
  const std::string common(60'000, 'a');
  std::string body = "}(" + pickled(common + "x") + "q\0N"s + pickled(common + "y") + "q\1N";
  for (int i = 0; i < 100'000; ++i) body += "h\0Nh\1N"s;
  const PickleDocument document = load_any(body + "u");
  EXPECT_EQ(document.node(document.root)->count, 4u);
}

}  // namespace
}  // namespace lancekeep::formats
