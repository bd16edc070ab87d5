// SPDX-License-Identifier: Apache-2.0
#include "store/save/save_source.h"

#include <lancekeep/error.h>

#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace lancekeep::store {
namespace {

using testing::HasSubstr;

// The message with which the small model is rejected after one change.
std::string refusal(const std::function<void(MemorySource&)>& change) {
  MemorySource source = small_model();
  change(source);
  try {
    check_source(source.tensors());
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
    return e.what();
  }
  return "accepted";
}

TEST(CheckSource, AcceptsAValidModel) {
  EXPECT_EQ(refusal([](MemorySource&) {}), "accepted");
}

TEST(CheckSource, RejectsTwoTensorsWithOneName) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(1).name = "conv.weight"; }),
              HasSubstr("two tensors are named `conv.weight`"));
}

TEST(CheckSource, RejectsNamesThatAreNotUtf8) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(1).name = "\xff"; }), HasSubstr("UTF-8"));
}

TEST(CheckSource, RejectsNamesThatFitNoPage) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(1).name.assign(20000, 'n'); }),
              HasSubstr("20000 bytes, but the limit is 16384"));
}

TEST(CheckSource, RejectsAnEmptyDtype) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(1).dtype.clear(); }),
              HasSubstr("bn.num_batches"));
}

TEST(CheckSource, RejectsTooManyDimensions) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(1).shape.assign(65, 1); }),
              HasSubstr("65 dimensions"));
}

TEST(CheckSource, RejectsAShapeWhoseProductOverflows) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(1).shape = {1ll << 40, 1ll << 40}; }),
              HasSubstr("impossible shape [1099511627776, 1099511627776]"));
}

TEST(CheckSource, RejectsANegativeDimension) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(1).shape = {-1}; }),
              HasSubstr("impossible shape [-1]"));
}

TEST(CheckSource, RejectsBytesThatDoNotFitTheShape) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(0).nbytes = 47; }),
              HasSubstr("announces 47 bytes, but float32 [2, 3, 2] needs 48"));
}

TEST(CheckSource, RejectsATieToALaterTensor) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(0).tied_to = 3; }),
              HasSubstr("must be the index of an earlier, untied tensor"));
}

TEST(CheckSource, RejectsATieToATie) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.tie("third", 4); }),
              HasSubstr("must be the index of an earlier, untied tensor"));
}

TEST(CheckSource, RejectsATieOfAnotherShape) {
  EXPECT_THAT(refusal([](MemorySource& s) { s.spec(4).shape = {12}; }),
              HasSubstr("differs in dtype or shape"));
}

}  // namespace
}  // namespace lancekeep::store
