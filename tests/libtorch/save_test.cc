// SPDX-License-Identifier: Apache-2.0
// Tensors saved from torch load in torch with the same bits, and `version` means what it means in
// the article.
#include "test_store.h"

#include <torch/torch.h>

#include <fstream>

namespace lancekeep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using SaveModel = StoreTest;

torch::Tensor loaded(const std::filesystem::path& path, const std::string& name,
                     const Ref& version = 1) {
  return load_state_dict(path, version)[name];
}

TEST_F(SaveModel, AVersionInANewFolderIsTheFirst) {
  EXPECT_EQ(save_model(torch::nn::Linear(2, 2), path, true).version, 1U);
  EXPECT_EQ(save_model(torch::nn::Linear(2, 2), path, true).version, 2U);
}

TEST_F(SaveModel, EveryVersionKeepsItsValues) {
  for (int i = 1; i <= 3; ++i) save_model(StateDict{{"w", torch::full({4}, i)}}, path, true);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(loaded(path, "w", static_cast<std::uint64_t>(i))[0].item<int>(), i);
  }
}

TEST_F(SaveModel, UnchangedTensorsAreNotWrittenAgain) {
  const torch::Tensor large = torch::randn({1000});
  save_model(StateDict{{"large", large}, {"step", torch::zeros({1})}}, path, true);
  const SaveReport report =
      save_model(StateDict{{"large", large}, {"step", torch::ones({1})}}, path, true);
  EXPECT_EQ(report.tensors_written, 1U);
  EXPECT_EQ(report.tensors_kept, 1U);
  EXPECT_EQ(report.bytes_shared, 4000U);
}

TEST_F(SaveModel, ADatasetOfThePlainLayoutKeepsIt) {
  SaveOptions recipe;
  recipe.layout = Layout::plain;
  const auto model = [](int value) {
    return StateDict{{"half", torch::full({3}, value, torch::kHalf)}, {"step", torch::tensor(7)}};
  };
  save_model(model(1), path, true, recipe);
  for (const bool version : {true, false}) {
    save_model(model(2), path, version);
    const VersionInfo newest = Store::open(path).versions().back();
    EXPECT_EQ(newest.layout, Layout::plain);
    EXPECT_EQ(loaded(path, "half", newest.number).scalar_type(), torch::kDouble);
    StateDict target = model(0);
    load_model(target, path, newest.number);
    EXPECT_TRUE(torch::equal(target[0].second, model(2)[0].second));
    EXPECT_EQ(target[1].second.item<std::int64_t>(), 7);
  }
}

TEST_F(SaveModel, WithoutVersionTheStoreIsReplaced) {
  save_model(StateDict{{"old", torch::zeros({1})}}, path, true);
  save_model(StateDict{{"old", torch::ones({1})}}, path, true, [] {
    SaveOptions options;
    options.tag = "best";
    return options;
  }());
  EXPECT_EQ(save_model(StateDict{{"new", torch::full({1}, 5)}}, path).version, 1U);
  const Store store = Store::open(path);
  ASSERT_EQ(store.versions().size(), 1U);
  EXPECT_EQ(store.versions()[0].number, 1U);
  EXPECT_THAT(store.tags(), IsEmpty());
  EXPECT_THAT(load_state_dict(path).keys(), ElementsAre("new"));
  EXPECT_EQ(loaded(path, "new").item<int>(), 5);
}

TEST_F(SaveModel, WithoutVersionAFolderThatIsNotAStoreIsRejectedAndKept) {
  std::filesystem::create_directory(path);
  std::ofstream(path / "thesis.txt") << "years of work";
  expect_error(ErrorCode::invalid_argument, HasSubstr("model.lance"),
               [&] { save_model(torch::nn::Linear(2, 2), path); });
  EXPECT_EQ(std::filesystem::file_size(path / "thesis.txt"), 13U);
}

TEST_F(SaveModel, ARejectedTensorLeavesNothingBehind) {
  const StateDict state = {
      {"q", torch::quantize_per_tensor(torch::ones({4}), 0.5, 0, torch::kQInt8)}};
  for (const bool version : {false, true}) {
    expect_error(ErrorCode::invalid_argument, HasSubstr("'q' is quantized"),
                 [&] { save_model(state, path, version); });
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

TEST_F(SaveModel, OptionsReachTheVersion) {
  SaveOptions options;
  options.message = "epoch 3";
  options.metadata = {{"loss", "0.25"}};
  options.tag = "best";
  save_model(torch::nn::Linear(2, 2), path, true, options);
  const VersionInfo info = Store::open(path).at(std::string("best")).info();
  EXPECT_EQ(info.message, "epoch 3");
  EXPECT_EQ(info.metadata, options.metadata);
}

TEST_F(SaveModel, NotesReachTheReport) {
  const torch::Tensor base = torch::zeros({10});
  const SaveReport report =
      save_model(StateDict{{"a", base.narrow(0, 0, 6)}, {"b", base.narrow(0, 4, 6)}}, path);
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("a and b share memory")));
}

TEST_F(SaveModel, EveryKindOfModelIsAccepted) {
  const torch::nn::Linear holder(3, 2);
  torch::OrderedDict<std::string, torch::Tensor> dict;
  for (const auto& [name, tensor] : state_dict(holder)) dict.insert(name, tensor);
  const auto check = [&](const auto& model) {
    save_model(model, path);
    EXPECT_TRUE(torch::equal(loaded(path, "weight"), holder->weight));
    EXPECT_TRUE(torch::equal(loaded(path, "bias"), holder->bias));
  };
  check(holder);
  check(*holder);
  check(holder.ptr());
  check(dict);
  check(state_dict(holder));
}

TEST_F(SaveModel, AllDtypesLoadBitForBit) {
  StateDict state;
  for (const c10::ScalarType type : libtorch::all_scalar_types()) {
    const std::string name = libtorch::dtype_name(type);
    const torch::Tensor bits = random_bits({3, 5}, type);
    state.emplace_back(name, bits);
    state.emplace_back(name + ".strided", bits.t());
    state.emplace_back(name + ".scalar", bits.select(0, 1).select(0, 2));
    state.emplace_back(name + ".empty", bits.narrow(1, 0, 0));
  }
  save_model(state, path);
  const auto back = load_state_dict(path);
  ASSERT_EQ(back.size(), state.size());
  for (std::size_t i = 0; i < state.size(); ++i) {
    const auto& [name, tensor] = state[i];
    EXPECT_EQ(back[i].key(), name);
    EXPECT_EQ(back[i].value().scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(back[i].value().sizes(), tensor.sizes()) << name;
    EXPECT_EQ(bytes_of(back[i].value()), bytes_of(tensor)) << name;
  }
}

TEST_F(SaveModel, StridedAndLazyTensorsLoadContiguousAndEqual) {
  const torch::Tensor z = torch::randn({4, 4}, torch::kComplexFloat);
  const StateDict state = {
      {"channels_last", torch::randn({2, 8, 5, 5}).contiguous(torch::MemoryFormat::ChannelsLast)},
      {"expanded", torch::randn({3, 1}).expand({3, 7})},
      {"conj", z.conj()},
      {"neg", torch::imag(z.conj())},
      {"large", torch::randn({2500, 2000}).t()}};
  save_model(state, path);
  for (const auto& [name, tensor] : state) {
    const torch::Tensor back = loaded(path, name);
    EXPECT_TRUE(back.is_contiguous()) << name;
    EXPECT_TRUE(torch::equal(back, tensor)) << name;
  }
}

}  // namespace
}  // namespace lancekeep
