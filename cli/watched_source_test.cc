// SPDX-License-Identifier: Apache-2.0
#include "cli/watched_source.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace lancekeep::cli {
namespace {

// One tensor "w" of four bytes, in pieces of two.
class SmallSource : public TensorSource {
 public:
  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t, const ByteSink& sink) override {
    for (int piece = 0; piece < 2; ++piece) {
      if (!sink(bytes_)) return;
    }
  }
  [[nodiscard]] Metadata metadata() const override { return {{"format", "pt"}}; }
  [[nodiscard]] std::vector<std::string> notes() const override { return {"a note"}; }

 private:
  std::vector<TensorSpec> specs_ = {{"w", "uint8", {4}, 4, std::nullopt}};
  std::array<std::byte, 2> bytes_ = {};
};

TEST(WatchedSource, PassesEverythingOn) {
  std::size_t watched = 0;
  WatchedSource source(std::make_unique<SmallSource>(),
                       [&](std::size_t bytes, std::string_view name) {
                         EXPECT_EQ(name, "w");
                         watched += bytes;
                       });
  std::size_t read = 0;
  source.read(0, [&](std::span<const std::byte> piece) {
    read += piece.size();
    return true;
  });
  EXPECT_EQ(read, 4u);
  EXPECT_EQ(watched, 4u);
  EXPECT_EQ(source.tensors().front().name, "w");
  EXPECT_EQ(source.metadata(), (Metadata{{"format", "pt"}}));
  EXPECT_EQ(source.notes(), std::vector<std::string>{"a note"});
}

TEST(WatchedSource, StopsWhereTheSinkHasSeenEnough) {
  std::size_t watched = 0;
  WatchedSource source(std::make_unique<SmallSource>(),
                       [&](std::size_t bytes, std::string_view) { watched += bytes; });
  source.read(0, [](std::span<const std::byte>) { return false; });
  EXPECT_EQ(watched, 2u);
}

TEST(WatchedSource, StopsWhereTheWatchThrows) {
  WatchedSource source(std::make_unique<SmallSource>(),
                       [](std::size_t, std::string_view) { throw std::runtime_error("stop"); });
  bool reached = false;
  EXPECT_THROW(source.read(0,
                           [&](std::span<const std::byte>) {
                             reached = true;
                             return true;
                           }),
               std::runtime_error);
  EXPECT_FALSE(reached);
}

}  // namespace
}  // namespace lancekeep::cli
