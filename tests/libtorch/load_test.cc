// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/tensors.h>

#include "test_store.h"

#include <torch/torch.h>

#include <cstdint>
#include <span>
#include <vector>

namespace lancekeep {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LoadModel : public StoreTest {
 protected:
  // Saves `state` as the only version of the store.
  void keep(const StateDict& state) { save_model(state, path); }
};

TEST_F(LoadModel, CopiesIntoTheModulesOwnTensors) {
  const torch::nn::BatchNorm2d saved(4);
  {
    const torch::NoGradGuard guard;
    saved->weight.uniform_();
    saved->running_mean.normal_();
    saved->num_batches_tracked.fill_(9);
  }
  save_model(saved, path);
  torch::nn::BatchNorm2d fresh(4);
  const void* memory = fresh->weight.const_data_ptr();
  const LoadResult result = load_model(fresh, path);
  EXPECT_THAT(result.missing_keys, IsEmpty());
  EXPECT_THAT(result.unexpected_keys, IsEmpty());
  EXPECT_EQ(fresh->weight.const_data_ptr(), memory);
  EXPECT_TRUE(fresh->weight.requires_grad());
  for (std::size_t i = 0; i < state_dict(saved).size(); ++i) {
    EXPECT_TRUE(torch::equal(state_dict(fresh)[i].second, state_dict(saved)[i].second));
  }
}

TEST_F(LoadModel, LoadsTheLatestVersionByDefault) {
  for (int i = 1; i <= 3; ++i) {
    SaveOptions options;
    if (i == 2) options.tag = "best";
    save_model(StateDict{{"w", torch::full({1}, i)}}, path, true, options);
  }
  const StateDict target = {{"w", torch::zeros({1})}};
  const auto value = [&] { return target[0].second.item<int>(); };
  load_model(target, path);
  EXPECT_EQ(value(), 3);
  EXPECT_EQ(load_state_dict(path)["w"].item<int>(), 3);
  load_model(target, path, std::string("best"));
  EXPECT_EQ(value(), 2);
  load_model(target, path, 1);
  EXPECT_EQ(value(), 1);
  load_model(target, path, 2, torch::kCPU);
  EXPECT_EQ(value(), 2);
}

TEST_F(LoadModel, ConvertsToTheModulesDtype) {
  keep({{"half", torch::tensor({1.5, -2.25}, torch::kDouble)},
        {"whole", torch::tensor({3, 4}, torch::kLong)}});
  const StateDict target = {{"half", torch::zeros({2}, torch::kHalf)},
                            {"whole", torch::zeros({2}, torch::kFloat)}};
  load_model(target, path);
  EXPECT_EQ(target[0].second.scalar_type(), torch::kHalf);
  EXPECT_TRUE(torch::equal(target[0].second, torch::tensor({1.5, -2.25}, torch::kHalf)));
  EXPECT_TRUE(torch::equal(target[1].second, torch::tensor({3.0, 4.0}, torch::kFloat)));
}

TEST_F(LoadModel, CopiesDtypesWithoutACopyKernelIntoStridedMemory) {
  StateDict state;
  StateDict target;
  for (const c10::ScalarType type : libtorch::all_scalar_types()) {
    const std::string name = libtorch::dtype_name(type);
    state.emplace_back(name, random_bits({4, 6}, type));
    target.emplace_back(name, random_bits({6, 4}, type).t());
  }
  keep(state);
  load_model(target, path);
  for (std::size_t i = 0; i < state.size(); ++i) {
    EXPECT_EQ(bytes_of(target[i].second), bytes_of(state[i].second)) << state[i].first;
  }
}

TEST_F(LoadModel, StrictListsMissingAndUnexpectedTensorsAndChangesNothing) {
  keep({{"a", torch::ones({1})}, {"extra.x", torch::ones({1})}, {"extra.y", torch::ones({1})}});
  const StateDict target = {{"a", torch::zeros({1})}, {"b", torch::zeros({1})}};
  expect_error(ErrorCode::invalid_argument,
               AllOf(HasSubstr("missing in the version: b;"),
                     HasSubstr("unexpected in it: extra.x, extra.y")),
               [&] { load_model(target, path); });
  EXPECT_EQ(target[0].second.item<int>(), 0);
}

TEST_F(LoadModel, WithoutStrictLoadsTheTensorsThatBothHave) {
  keep({{"a", torch::ones({1})}, {"extra", torch::ones({1})}});
  const StateDict target = {{"a", torch::zeros({1})}, {"b", torch::zeros({1})}};
  const LoadResult result = load_model(target, path, 1, std::nullopt, /*strict=*/false);
  EXPECT_THAT(result.missing_keys, ElementsAre("b"));
  EXPECT_THAT(result.unexpected_keys, ElementsAre("extra"));
  EXPECT_EQ(target[0].second.item<int>(), 1);
  EXPECT_EQ(target[1].second.item<int>(), 0);
}

TEST_F(LoadModel, ShapeMismatchesAreAllListedBeforeAnythingChanges) {
  keep({{"same", torch::ones({2})}, {"x", torch::ones({2, 3})}, {"y", torch::ones({4})}});
  const StateDict target = {
      {"same", torch::zeros({2})}, {"x", torch::zeros({3, 2})}, {"y", torch::zeros({4, 1})}};
  for (const bool strict : {true, false}) {
    expect_error(ErrorCode::invalid_argument,
                 AllOf(HasSubstr("x is [2, 3] in the store and [3, 2] in the module"),
                       HasSubstr("y is [4] in the store and [4, 1] in the module")),
                 [&] { load_model(target, path, 1, std::nullopt, strict); });
    EXPECT_FALSE(target[0].second.any().item<bool>());
  }
}

TEST_F(LoadModel, ADtypePairThatTorchCannotConvertIsFoundBeforeAnythingChanges) {
  keep({{"a", torch::ones({2})}, {"b", random_bits({2}, c10::ScalarType::Int4)}});
  const StateDict target = {{"a", torch::zeros({2})}, {"b", torch::zeros({2})}};
  expect_error(ErrorCode::unsupported,
               AllOf(HasSubstr("'b' is int4 in the store and float32 in the module")),
               [&] { load_model(target, path); });
  EXPECT_FALSE(target[0].second.any().item<bool>());
}

TEST_F(LoadModel, ATargetThatCannotHoldValuesIsRejectedByName) {
  keep({{"a", torch::ones({2})}});
  const StateDict target = {{"a", torch::empty({2}, torch::kMeta)}};
  expect_error(ErrorCode::invalid_argument, HasSubstr("'a' is on the meta device"),
               [&] { load_model(target, path); });
}

TEST_F(LoadModel, AnUnknownDtypeMattersOnlyIfTheModelHasTheTensor) {
  const std::vector<std::uint8_t> bytes(3, '1');
  Tensors source;
  source.add("known", {3}, bytes).add("odd", "float3_e1m1", {3}, std::as_bytes(std::span(bytes)));
  Store::replace(path, source);
  const StateDict known = {{"known", torch::zeros({3}, torch::kByte)}};
  const LoadResult result = load_model(known, path, 1, std::nullopt, /*strict=*/false);
  EXPECT_THAT(result.unexpected_keys, ElementsAre("odd"));
  EXPECT_EQ(known[0].second[0].item<int>(), '1');
  const StateDict both = {{"known", torch::zeros({3}, torch::kByte)},
                          {"odd", torch::zeros({3}, torch::kByte)}};
  const auto names_it = AllOf(HasSubstr("'odd'"), HasSubstr("'float3_e1m1'"));
  expect_error(ErrorCode::unsupported, names_it, [&] { load_model(both, path); });
  EXPECT_FALSE(both[0].second.any().item<bool>());
  expect_error(ErrorCode::unsupported, names_it, [&] { (void)load_state_dict(path); });
}

TEST_F(LoadModel, AJsonRowIsNotATensor) {
  const std::vector<std::uint8_t> bytes(3, '1');
  Tensors source;
  source.add("epoch", "json", {}, std::as_bytes(std::span(bytes))).add("w", {3}, bytes);
  Store::replace(path, source);
  EXPECT_THAT(load_state_dict(path).keys(), ElementsAre("w"));
  expect_error(ErrorCode::invalid_argument, HasSubstr("unexpected in it: epoch"),
               [&] { load_model(StateDict{{"w", torch::zeros({3}, torch::kByte)}}, path); });
  expect_error(ErrorCode::invalid_argument, HasSubstr("epoch is json in the store"), [&] {
    load_model(StateDict{{"epoch", torch::zeros({})}}, path, 1, std::nullopt, false);
  });
}

TEST_F(LoadModel, AMissingStoreOrVersionIsNotFound) {
  expect_error(ErrorCode::not_found, HasSubstr("model.lance"),
               [&] { load_model(torch::nn::Linear(1, 1), path); });
  keep({{"w", torch::ones({1})}});
  expect_error(ErrorCode::not_found, HasSubstr("7"), [&] { (void)load_state_dict(path, 7); });
}

using LoadStateDict = LoadModel;

TEST_F(LoadStateDict, TiedTensorsShareOneStorage) {
  const torch::Tensor shared = torch::randn({5, 3});
  keep({{"embedding", shared}, {"other", torch::randn({5, 3})}, {"head", shared}});
  const auto state = load_state_dict(path);
  EXPECT_THAT(state.keys(), ElementsAre("embedding", "other", "head"));
  EXPECT_TRUE(state["head"].is_alias_of(state["embedding"]));
  EXPECT_FALSE(state["other"].is_alias_of(state["embedding"]));
  EXPECT_TRUE(torch::equal(state["head"], shared));
  state["embedding"].zero_();
  EXPECT_FALSE(state["head"].any().item<bool>());
}

TEST_F(LoadStateDict, WritingToAMappedTensorDoesNotChangeTheStore) {
  const torch::Tensor saved = torch::randn({3000});
  keep({{"w", saved}});
  const torch::Tensor mapped = load_state_dict(path)["w"];
  mapped.fill_(7);
  EXPECT_EQ(mapped[2999].item<int>(), 7);
  EXPECT_TRUE(torch::equal(load_state_dict(path)["w"], saved));
}

TEST_F(LoadStateDict, TensorsOutliveTheStoreAndItsFolder) {
  const torch::Tensor saved = torch::randn({3000});
  keep({{"w", saved}});
  const torch::Tensor mapped = load_state_dict(path)["w"];
  std::filesystem::remove_all(path);
  EXPECT_TRUE(torch::equal(mapped, saved));
}

TEST_F(LoadStateDict, CanBeSavedOverTheStoreThatItIsMappedFrom) {
  const torch::Tensor saved = torch::randn({3000});
  keep({{"w", saved}, {"tied", saved}});
  for (const bool version : {true, false}) {
    const auto state = load_state_dict(path);
    const std::uint64_t number = save_model(state, path, version).version;
    EXPECT_EQ(number, version ? 2U : 1U);
    const auto back = load_state_dict(path, number);
    EXPECT_TRUE(torch::equal(back["w"], saved));
    EXPECT_TRUE(back["tied"].is_alias_of(back["w"]));
    EXPECT_TRUE(torch::equal(state["w"], saved));
  }
}

TEST(LoadedShape, IsCorruptIfTheBytesDoNotFillIt) {
  const std::vector<std::byte> bytes(8);
  const auto check = [&](Shape shape) {
    expect_error(ErrorCode::corrupt, AllOf(HasSubstr("'w'"), HasSubstr("8 bytes")), [&] {
      libtorch::check_shape("w", TensorView("float32", shape, bytes, nullptr), torch::kFloat);
    });
  };
  check({3});
  check({-2, -1});
  check({0});
  check({std::int64_t{1} << 62, 4});
  check({std::int64_t{1} << 62, 4, 0});
  libtorch::check_shape("w", TensorView("float32", {2, 1}, bytes, nullptr), torch::kFloat);
}

}  // namespace
}  // namespace lancekeep
