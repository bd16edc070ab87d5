// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/error.h>

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace lancekeep {
namespace {

TEST(Error, MessageNamesFileAndOffset) {
  const Error error(ErrorCode::corrupt, "bad magic", "a.lance", 40);
  EXPECT_STREQ(error.what(), "a.lance: at byte 40: bad magic");
  EXPECT_EQ(error.code(), ErrorCode::corrupt);
  EXPECT_EQ(error.file(), "a.lance");
  EXPECT_EQ(error.offset(), 40u);
}

TEST(Error, MessageLeavesOutWhatIsAbsent) {
  EXPECT_STREQ(Error(ErrorCode::io, "bad").what(), "bad");
  EXPECT_STREQ(Error(ErrorCode::io, "bad", "a").what(), "a: bad");
  EXPECT_STREQ(Error(ErrorCode::io, "bad", "", 0).what(), "at byte 0: bad");
  EXPECT_FALSE(Error(ErrorCode::io, "bad", "a").offset().has_value());
}

TEST(Error, KeepsItsMessageWithoutThePlace) {
  EXPECT_EQ(Error(ErrorCode::corrupt, "a: b", "file", 7).message(), "a: b");
  EXPECT_EQ(Error(ErrorCode::corrupt, "a: b", "file").message(), "a: b");
  EXPECT_EQ(Error(ErrorCode::corrupt, "a: b").message(), "a: b");
}

TEST(Error, WithAnotherMessageKeepsCodeAndPlace) {
  const Error error = Error(ErrorCode::corrupt, "a", "file", 7).with_message("b");
  EXPECT_EQ(error.code(), ErrorCode::corrupt);
  EXPECT_STREQ(error.what(), "file: at byte 7: b");
  EXPECT_EQ(error.message(), "b");
  EXPECT_EQ(error.file(), "file");
  EXPECT_EQ(error.offset(), 7u);
}

TEST(Error, EveryCodeHasItsOwnName) {
  constexpr std::array kCodes = {
      ErrorCode::not_found, ErrorCode::already_exists, ErrorCode::invalid_argument,
      ErrorCode::corrupt,   ErrorCode::unsupported,    ErrorCode::unsafe,
      ErrorCode::conflict,  ErrorCode::out_of_space,   ErrorCode::io};
  std::set<std::string> names;
  for (const ErrorCode code : kCodes) names.insert(to_string(code));
  EXPECT_EQ(names.size(), kCodes.size());
  EXPECT_EQ(names.count("unknown"), 0u);
  EXPECT_STREQ(to_string(ErrorCode::out_of_space), "out_of_space");
}

}  // namespace
}  // namespace lancekeep
