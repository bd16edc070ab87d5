// SPDX-License-Identifier: Apache-2.0
// For tests of codecs: messages as text, and the Error that a call throws.
#pragma once

#include "lance/proto/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lancekeep::lance {

inline io::ByteView view(std::string bytes) {
  return io::ByteView::of(std::move(bytes), "test.bin");
}

/// Expects `call` to throw Error of this code, with `part` in its message.
template <typename Call>
void expect_error(ErrorCode code, const std::string& part, Call&& call) {
  try {
    call();
    ADD_FAILURE() << "no error; expected one with \"" << part << '"';
  } catch (const Error& error) {
    EXPECT_STREQ(to_string(error.code()), to_string(code)) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

}  // namespace lancekeep::lance
