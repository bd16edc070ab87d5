// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/tensors.h>

#include "io/testing/error_matcher.h"
#include "tensor/source_testing.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

namespace lancekeep {
namespace {

using io::fails_with;

const std::array<float, 6> kSix = {1, 2, 3, 4, 5, 6};

std::span<const std::byte> six() { return std::as_bytes(std::span(kSix)); }

TEST(Tensors, ReturnsWhatWasAdded) {
  Tensors source;
  source.add("weight", "float32", {2, 3}, six()).add("step", {}, std::vector<std::int64_t>{7});
  ASSERT_EQ(source.tensors().size(), 2u);
  EXPECT_EQ(source.tensors()[0].name, "weight");
  EXPECT_EQ(source.tensors()[0].shape, (Shape{2, 3}));
  EXPECT_EQ(source.tensors()[0].nbytes, 24u);
  EXPECT_EQ(source.bytes(0).data(), six().data());
  EXPECT_EQ(source.tensors()[1].dtype, "int64");
  EXPECT_EQ(bytes_of(source, 1), std::string("\7\0\0\0\0\0\0\0", 8));
}

TEST(Tensors, KeepsTheOwnerOfTheBytes) {
  auto owner = std::make_shared<const std::string>("abc");
  const std::weak_ptr<const std::string> watched = owner;
  {
    Tensors source;
    source.add("a", "uint8", {3}, std::as_bytes(std::span(*owner)), owner);
    owner.reset();
    EXPECT_EQ(bytes_of(source, 0), "abc");
  }
  EXPECT_TRUE(watched.expired());
}

TEST(Tensors, ATieHasTheBytesOfItsTarget) {
  Tensors source;
  source.add("a", "float32", {6}, six()).tie("b", "a").tie("c", "b");
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[1].tied_to, 0u);
  EXPECT_EQ(source.tensors()[2].tied_to, 0u);
  EXPECT_EQ(source.bytes(2).data(), six().data());
}

TEST(Tensors, KeepsMetadata) {
  Tensors source;
  source.set_metadata({{"format", "pt"}});
  EXPECT_EQ(source.metadata(), (Metadata{{"format", "pt"}}));
}

TEST(Tensors, AcceptsADtypeThatTorchDoesNotHave) {
  Tensors source;
  source.add("notes", "json", {}, six().first(2)).add("x", "float128", {2}, six());
  EXPECT_EQ(source.tensors().size(), 2u);
}

void expect_rejected(std::string name, std::string dtype, Shape shape, const char* message) {
  Tensors source;
  source.add("taken", "float32", {6}, six());
  EXPECT_THAT([&] { source.add(name, dtype, shape, six()); },
              fails_with(ErrorCode::invalid_argument, message));
  EXPECT_EQ(source.tensors().size(), 1u);
}

TEST(Tensors, BadNamesAreRejected) {
  expect_rejected("", "float32", {6}, "name is empty");
  expect_rejected("a\xff", "float32", {6}, "not valid UTF-8: `a\\xff`");
  expect_rejected("taken", "float32", {6}, "two tensors are named `taken`");
}

TEST(Tensors, AnEmptyDtypeIsRejected) { expect_rejected("a", "", {6}, "its dtype is empty"); }

TEST(Tensors, ShapesThatDoNotFitTheBytesAreRejected) {
  expect_rejected("a", "float32", {5}, "tensor `a`: float32 [5] needs 20 bytes, got 24");
  expect_rejected("a", "float32", {-6}, "tensor `a`: shape [-6] has a negative dimension");
  expect_rejected("a", "float32", {std::numeric_limits<std::int64_t>::max(), 4},
                  "takes more bytes");
}

TEST(Tensors, ATieToAMissingTensorIsRejected) {
  Tensors source;
  EXPECT_THAT([&] { source.tie("b", "a"); },
              fails_with(ErrorCode::invalid_argument,
                         "tensor `b` cannot be tied to `a`: there is no such tensor"));
}

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

Subset select(const std::set<std::string, std::less<>>& names) {
  return {std::make_unique<FourTensors>(),
          [&](std::string_view name) { return names.contains(name); }};
}

TEST(Subset, HasTheSelectedTensorsInTheirOrder) {
  Subset source = select({"c", "a"});
  ASSERT_EQ(source.tensors().size(), 2u);
  EXPECT_EQ(source.tensors()[0].name, "a");
  EXPECT_EQ(source.tensors()[1].name, "c");
  EXPECT_EQ(bytes_of(source, 1), "\2");
}

TEST(Subset, KeepsATieIfItsTargetIsSelected) {
  const Subset source = select({"a", "b", "c", "d"});
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[1].tied_to, 0u);
  EXPECT_EQ(source.tensors()[2].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[3].tied_to, 0u);
}

TEST(Subset, ATieWithoutItsTargetBecomesATensorOfItsOwn) {
  const Subset source = select({"b", "c"});
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
}

TEST(Subset, TensorsWithoutTheirTargetStayTiedToEachOther) {
  const Subset source = select({"b", "c", "d"});
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[2].tied_to, 0u);
}

TEST(Subset, PassesMetadataAndNotesOn) {
  const Subset source = select({});
  EXPECT_TRUE(source.tensors().empty());
  EXPECT_EQ(source.metadata().at("format"), "pt");
  EXPECT_EQ(source.notes().at(0), "a note");
}

std::shared_ptr<MemorySource> checkpoint() {
  auto source = std::make_shared<MemorySource>();
  source->add("epoch", "json", {}, "3");
  source->add("ema.w", "uint8", {1}, "x");
  source->add("model.w", "uint8", {1}, "x", 1);
  source->add("model.", "uint8", {1}, "z");
  source->add("model.v", "uint8", {1}, "x", 1);
  source->add("model.tree", "tree", {}, "{}");
  source->text = {{"format", "pt"}};
  source->remarks = {"a note"};
  return source;
}

TEST(WithoutPrefix, HasTheNamesThatStartWithIt) {
  WithoutPrefix source(checkpoint(), "model.");
  ASSERT_EQ(source.tensors().size(), 2u);
  EXPECT_EQ(source.tensors()[0].name, "w");
  EXPECT_EQ(source.tensors()[1].name, "v");
  EXPECT_EQ(bytes_of(source, 1), "x");
  EXPECT_EQ(source.metadata().at("format"), "pt");
  EXPECT_EQ(source.notes().at(0), "a note");
}

TEST(WithoutPrefix, TensorsWithoutTheirTargetStayTiedToEachOther) {
  const WithoutPrefix source(checkpoint(), "model.");
  EXPECT_EQ(source.tensors()[0].tied_to, std::nullopt);
  EXPECT_EQ(source.tensors()[1].tied_to, 0u);
}

TEST(WithoutPrefix, APrefixThatNoNameHasIsRejected) {
  EXPECT_THAT(
      [] { WithoutPrefix(checkpoint(), "modle."); },
      io::fails_with(ErrorCode::not_found,
                     "no name starts with `modle.`; names start with `epoch`, `ema.`, `model.`"));
}

TEST(WithoutPrefix, AnEmptyPrefixIsRejected) {
  EXPECT_THAT([] { WithoutPrefix(checkpoint(), ""); },
              io::fails_with(ErrorCode::invalid_argument, "the prefix is empty"));
}

// One tensor "w" of four bytes, in pieces of two.
std::unique_ptr<MemorySource> two_pieces() {
  auto source = std::make_unique<MemorySource>();
  source->add("w", "uint8", {4}, "abcd");
  source->text = {{"format", "pt"}};
  source->remarks = {"a note"};
  return source;
}

TEST(Watched, PassesEverythingOn) {
  std::size_t watched = 0;
  Watched source(two_pieces(), [&](std::size_t bytes, std::string_view name) {
    EXPECT_EQ(name, "w");
    watched += bytes;
  });
  EXPECT_EQ(bytes_of(source, 0), "abcd");
  EXPECT_EQ(watched, 4u);
  EXPECT_EQ(source.tensors().front().name, "w");
  EXPECT_EQ(source.metadata(), (Metadata{{"format", "pt"}}));
  EXPECT_EQ(source.notes(), std::vector<std::string>{"a note"});
}

TEST(Watched, StopsWhenTheSinkStops) {
  std::size_t watched = 0;
  Watched source(two_pieces(), [&](std::size_t bytes, std::string_view) { watched += bytes; });
  source.read(0, [](std::span<const std::byte>) { return false; });
  EXPECT_EQ(watched, 2u);
}

TEST(Watched, StopsWhenTheWatchThrows) {
  Watched source(two_pieces(),
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
}  // namespace lancekeep
