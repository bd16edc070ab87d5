// SPDX-License-Identifier: Apache-2.0
#include "cli/selected_source.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lancekeep::cli {
namespace {

// "a", "b" tied to it, "c", and "d" tied to "b"; the value of each is its index.
class FourTensors : public TensorSource {
 public:
  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const ByteSink& sink) override {
    const std::byte value = static_cast<std::byte>(index);
    (void)sink({&value, 1});
  }
  [[nodiscard]] Metadata metadata() const override { return {{"format", "pt"}}; }
  [[nodiscard]] std::vector<std::string> notes() const override { return {"a note"}; }

 private:
  std::vector<TensorSpec> specs_ = {{"a", "uint8", {1}, 1, std::nullopt},
                                    {"b", "uint8", {1}, 1, 0},
                                    {"c", "uint8", {1}, 1, std::nullopt},
                                    {"d", "uint8", {1}, 1, 1}};
};

SelectedSource select(const std::set<std::string, std::less<>>& names) {
  return {std::make_unique<FourTensors>(),
          [&](std::string_view name) { return names.contains(name); }};
}

TEST(SelectedSource, HasTheSelectedTensorsInTheirOrder) {
  SelectedSource source = select({"c", "a"});
  ASSERT_EQ(source.tensors().size(), 2u);
  EXPECT_EQ(source.tensors()[0].name, "a");
  EXPECT_EQ(source.tensors()[1].name, "c");
  source.read(1, [](std::span<const std::byte> piece) {
    EXPECT_EQ(piece[0], std::byte(2));
    return true;
  });
}

TEST(SelectedSource, KeepsATieWhoseTargetIsThere) {
  const SelectedSource source = select({"a", "b", "c", "d"});
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[1].tied_to, 0u);
  EXPECT_EQ(source.tensors()[2].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[3].tied_to, 0u);
}

TEST(SelectedSource, ATieFallsAwayWithItsTarget) {
  const SelectedSource source = select({"b", "c"});
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
}

TEST(SelectedSource, ThoseTiedToWhatIsLeftOutStayTiedToEachOther) {
  const SelectedSource source = select({"b", "c", "d"});
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[2].tied_to, 0u);
}

TEST(SelectedSource, PassesTheRestOn) {
  const SelectedSource source = select({});
  EXPECT_TRUE(source.tensors().empty());
  EXPECT_EQ(source.metadata().at("format"), "pt");
  EXPECT_EQ(source.notes().at(0), "a note");
}

}  // namespace
}  // namespace lancekeep::cli
