// SPDX-License-Identifier: Apache-2.0
#include "io/testing/fault_storage.h"

#include "io/local_storage.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::io {
namespace {

// Every changing call once, with reads between them.
void change_everything(Storage& storage) {
  storage.make_folder("data");
  const auto file = storage.create("data/a");
  file->write("abc");
  file->sync();
  file->flush();
  EXPECT_TRUE(storage.rename_new("data/a", "data/b"));
  storage.rename_over("data/b", "data/c");
  EXPECT_TRUE(storage.exists("data/c"));
  EXPECT_EQ(storage.size("data/c"), 3u);
  EXPECT_EQ(storage.read("data/c", 3).text(), "abc");
  EXPECT_EQ(storage.map("data/c", MapMode::read_only).text(), "abc");
  EXPECT_EQ(storage.list("data").size(), 1u);
  EXPECT_TRUE(storage.is_current());
  storage.sync_file("data/c");
  storage.sync_folder("data");
  const auto lock = storage.lock("data", LockMode::exclusive);
  storage.remove("data/c");
  EXPECT_TRUE(storage.remove_unused("data/c"));
}

constexpr std::array<const char*, 12> kCalls = {
    "make_folder", "create",    "write",       "sync", "flush",  "rename_new",
    "rename_over", "sync_file", "sync_folder", "lock", "remove", "remove_unused"};

TEST(FaultStorage, OnlyCountsWithoutAPlan) {
  const TemporaryFolder folder;
  FaultStorage storage(open_local_storage(folder.path()), {});
  change_everything(storage);
  EXPECT_EQ(storage.calls(), kCalls.size());
}

class FaultAtTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FaultAtTest, FailsThatCallWithoutExecutingIt) {
  const TemporaryFolder folder;
  FaultStorage storage(open_local_storage(folder.path()), {.fail_at = GetParam()});
  const std::string call = kCalls[GetParam() - 1];
  EXPECT_THAT([&] { change_everything(storage); },
              fails_with(ErrorCode::out_of_space,
                         "changing call " + std::to_string(GetParam()) + " (" + call + ") fails"));
  EXPECT_EQ(storage.calls(), GetParam());
  if (call == "make_folder") {
    EXPECT_FALSE(storage.exists("data"));
  }
  if (call == "create") {
    EXPECT_FALSE(storage.exists("data/a"));
  }
  if (call == "write") {
    EXPECT_EQ(storage.size("data/a"), 0u);
  }
  if (call == "rename_new") {
    EXPECT_FALSE(storage.exists("data/b"));
  }
  if (call == "rename_over") {
    EXPECT_FALSE(storage.exists("data/c"));
  }
  if (call == "remove") {
    EXPECT_TRUE(storage.exists("data/c"));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryCall, FaultAtTest,
                         testing::Range<std::uint64_t>(1, kCalls.size() + 1));

TEST(FaultStorage, WorksAgainAfterOneFailure) {
  const TemporaryFolder folder;
  FaultStorage storage(open_local_storage(folder.path()), {.fail_at = 1, .code = ErrorCode::io});
  EXPECT_THAT([&] { storage.make_folder("data"); }, fails_with(ErrorCode::io, "call 1"));
  EXPECT_NO_THROW(storage.make_folder("data"));
}

TEST(FaultStorage, StaysBrokenIfThePlanSaysSo) {
  const TemporaryFolder folder;
  FaultStorage storage(open_local_storage(folder.path()), {.fail_at = 3, .stays_broken = true});
  storage.make_folder("data");
  const auto file = storage.create("data/a");
  EXPECT_THAT([&] { file->write("abc"); }, fails_with(ErrorCode::out_of_space, "call 3 (write)"));
  EXPECT_THAT([&] { file->sync(); }, fails_with(ErrorCode::out_of_space, "call 4 (sync)"));
  EXPECT_THAT([&] { storage.remove("data/a"); },
              fails_with(ErrorCode::out_of_space, "data/a: changing call 5 (remove)"));
  EXPECT_TRUE(storage.exists("data/a"));
}

}  // namespace
}  // namespace lancekeep::io
