// SPDX-License-Identifier: Apache-2.0
// For tests: EXPECT_THAT([&] { call(); }, fails_with(ErrorCode::corrupt, "part of the message")).
#pragma once

#include <lancekeep/error.h>

#include <gmock/gmock.h>

#include <string>

namespace lancekeep::io {

inline auto fails_with(ErrorCode code, const std::string& message_part) {
  const auto code_of = [](const Error& error) { return std::string(to_string(error.code())); };
  const auto message_of = [](const Error& error) { return std::string(error.what()); };
  return testing::Throws<Error>(
      testing::AllOf(testing::ResultOf("code", code_of, testing::StrEq(to_string(code))),
                     testing::ResultOf("message", message_of, testing::HasSubstr(message_part))));
}

}  // namespace lancekeep::io
