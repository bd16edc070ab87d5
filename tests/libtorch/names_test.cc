// SPDX-License-Identifier: Apache-2.0
// Names that differ, tied tensors, and modules that are saved in their own way.
#include "test_store.h"

#include <torch/torch.h>

#include <string>
#include <vector>

namespace lancekeep {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using LoadNames = StoreTest;

struct TiedModule : torch::nn::Module {
  TiedModule() {
    embedding = register_parameter("embedding", torch::zeros({5, 3}));
    head = register_parameter("head", embedding);
  }
  torch::Tensor embedding, head;
};

TEST_F(LoadNames, OneOfTwoTiedNamesIsEnough) {
  for (const std::string name : {"embedding", "head"}) {
    const torch::Tensor saved = torch::randn({5, 3});
    save_model(StateDict{{name, saved}}, path);
    for (const bool strict : {true, false}) {
      TiedModule module;
      const LoadResult keys = load_model(module, path, {}, std::nullopt, strict);
      EXPECT_THAT(keys.missing_keys, IsEmpty());
      EXPECT_TRUE(torch::equal(module.embedding, saved) && torch::equal(module.head, saved));
    }
  }
}

TEST_F(LoadNames, APartOfAFilledTensorIsNotMissingButTheWholeIs) {
  const torch::Tensor memory = torch::zeros({6});
  save_model(StateDict{{"all", torch::ones({6})}}, path);
  const StateDict both = {{"all", memory}, {"part", memory.narrow(0, 0, 3)}};
  EXPECT_THAT(load_model(both, path).missing_keys, IsEmpty());
  save_model(StateDict{{"part", torch::ones({3})}}, path);
  EXPECT_THAT(load_model(both, path, {}, std::nullopt, false).missing_keys, ElementsAre("all"));
}

TEST_F(LoadNames, APrefixIsNamedAndRemoved) {
  const torch::nn::Linear saved(3, 2);
  save_model(StateDict{{"model.weight", saved->weight},
                       {"model.bias", saved->bias},
                       {"optimizer.step", torch::ones({1})}},
             path);
  torch::nn::Linear found(3, 2);
  const torch::Tensor before = found->weight.detach().clone();
  for (const bool strict : {true, false}) {
    expect_error(ErrorCode::invalid_argument,
                 AllOf(HasSubstr("have no name in common"), HasSubstr("nothing was loaded"),
                       HasSubstr("start with `model.`: pass prefix = \"model.\"")),
                 [&] { load_model(found, path, {}, std::nullopt, strict); });
  }
  EXPECT_TRUE(torch::equal(found->weight, before));
  const LoadResult keys = load_model(found, path, {}, std::nullopt, true, "model.");
  EXPECT_THAT(keys.unexpected_keys, IsEmpty());
  EXPECT_TRUE(torch::equal(found->weight, saved->weight));
}

TEST_F(LoadNames, APrefixOfTheModuleIsNamed) {
  save_model(torch::nn::Linear(3, 2), path);
  torch::nn::Sequential wrapped;
  wrapped->push_back("net", torch::nn::Linear(3, 2));
  expect_error(ErrorCode::invalid_argument,
               HasSubstr("The names of the module start with `net.`, which those in the version"),
               [&] { load_model(wrapped, path); });
}

TEST_F(LoadNames, NothingInCommonIsAnErrorWithoutStrict) {
  save_model(StateDict{{"a", torch::ones({1})}}, path);
  expect_error(ErrorCode::invalid_argument, HasSubstr("have no name in common"),
               [&] { load_model(StateDict{{"b", torch::ones({1})}}, path, {}, {}, false); });
}

struct Counting : torch::nn::Module {
  Counting() { register_parameter("w", torch::zeros({2})); }
  void save(torch::serialize::OutputArchive& archive) const override {
    torch::nn::Module::save(archive);
    archive.write("steps", torch::tensor(steps));
  }
  int steps = 0;
};

struct Reading : torch::nn::Module {
  void load(torch::serialize::InputArchive& archive) override { torch::nn::Module::load(archive); }
};

struct Parent : torch::nn::Module {
  Parent() {
    register_module("plain", torch::nn::BatchNorm1d(2));
    register_module("counter", std::make_shared<Counting>());
  }
};

TEST(OwnArchive, IsFoundInEveryClassThatOverridesSaveOrLoad) {
  EXPECT_TRUE(libtorch::has_own_archive(Counting()));
  EXPECT_TRUE(libtorch::has_own_archive(Reading()));
  EXPECT_FALSE(libtorch::has_own_archive(Parent()));
  EXPECT_FALSE(libtorch::has_own_archive(TiedModule()));
  EXPECT_FALSE(libtorch::has_own_archive(*torch::nn::BatchNorm2d(3)));
  EXPECT_FALSE(libtorch::has_own_archive(*torch::nn::LSTM(3, 4)));
  EXPECT_FALSE(libtorch::has_own_archive(*torch::nn::Sequential(torch::nn::Linear(1, 1))));
}

TEST_F(LoadNames, AModuleWithItsOwnSaveOrLoadIsRefusedByName) {
  const auto names_it = AllOf(HasSubstr("'counter'"), HasSubstr("its own save() or load()"),
                              HasSubstr("pass state_dict(model)"));
  Parent module;
  expect_error(ErrorCode::unsupported, names_it, [&] { save_model(module, path); });
  EXPECT_FALSE(std::filesystem::exists(path));
  save_model(state_dict(module), path);
  expect_error(ErrorCode::unsupported, names_it, [&] { load_model(module, path); });
  expect_error(ErrorCode::unsupported, HasSubstr("its own save() or load()"),
               [&] { load_model(std::make_shared<Counting>(), path); });
  EXPECT_THAT(load_model(state_dict(module), path).missing_keys, IsEmpty());
}

}  // namespace
}  // namespace lancekeep
