// SPDX-License-Identifier: Apache-2.0
// For tests: compares a version with what was saved.
#pragma once

#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {

/// Names, order, dtypes, shapes, bytes and ties.
inline void expect_equal(const Version& version, const MemorySource& source) {
  const auto specs = source.tensors();
  ASSERT_EQ(version.tensors().size(), specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const TensorInfo& info = version.tensors()[i];
    EXPECT_EQ(info.name, specs[i].name);
    EXPECT_EQ(info.dtype, specs[i].dtype);
    EXPECT_EQ(info.shape, specs[i].shape);
    EXPECT_EQ(info.damage, "");
    EXPECT_EQ(text_of(version.tensor(info.name)), source.value(i)) << info.name;
    const auto tied = specs[i].tied_to;
    EXPECT_EQ(info.tied_to, tied ? std::optional(specs[*tied].name) : std::nullopt) << info.name;
  }
}

}  // namespace lancekeep::store
