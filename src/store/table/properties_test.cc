// SPDX-License-Identifier: Apache-2.0
#include "store/table/properties.h"

#include "io/testing/error_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

TEST(Properties, TakesAMessageAndMetadataOfSixteenMebibytesTogether) {
  const std::string half(kMaxDescriptionBytes / 2, 'm');
  const std::string rest(kMaxDescriptionBytes / 2 - 1, 'v');
  EXPECT_NO_THROW(check_metadata(half, {{"k", rest}}));
}

TEST(Properties, RejectsMoreThanThat) {
  const std::string half(kMaxDescriptionBytes / 2, 'm');
  EXPECT_THAT([&] { check_metadata(half, {{"k", half}}); },
              io::fails_with(ErrorCode::invalid_argument,
                             "the message (8388608 bytes) and the metadata (8388609 bytes) of a "
                             "version have at most 16777216 bytes together"));
  EXPECT_THAT([&] { check_metadata(half + half + "m", {}); },
              io::fails_with(ErrorCode::invalid_argument, "at most 16777216 bytes"));
}

}  // namespace
}  // namespace lancekeep::store
