// SPDX-License-Identifier: Apache-2.0
// A power cut at every call of everything that changes a store: what was acknowledged is there, all
// else is as before or as after, and the next save works.
#include "store/testing/operations.h"

namespace lancekeep::store {
namespace {

class PowerCutAt : public testing::TestWithParam<Operation> {};

TEST_P(PowerCutAt, LosesNothingThatWasAcknowledged) { expect_durable(GetParam()); }

INSTANTIATE_TEST_SUITE_P(EveryCall, PowerCutAt, testing::ValuesIn(all_operations()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace lancekeep::store
