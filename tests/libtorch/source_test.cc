// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/libtorch/source.h>

#include "test_store.h"

#include <torch/torch.h>

#include <set>

namespace lancekeep {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Pieces {
  std::vector<std::uint8_t> bytes;
  std::vector<std::size_t> sizes;
  const void* first = nullptr;
};

Pieces read(const torch::Tensor& tensor) {
  TorchSource source(StateDict{{"t", tensor}});
  Pieces pieces;
  source.read(0, [&](std::span<const std::byte> piece) {
    if (pieces.sizes.empty()) pieces.first = piece.data();
    pieces.sizes.push_back(piece.size());
    const auto* begin = reinterpret_cast<const std::uint8_t*>(piece.data());
    pieces.bytes.insert(pieces.bytes.end(), begin, begin + piece.size());
    return true;
  });
  return pieces;
}

std::vector<std::string> names(const StateDict& state) {
  std::vector<std::string> result;
  for (const auto& entry : state) result.push_back(entry.first);
  return result;
}

TEST(Dtype, EveryDtypeOfTorchIsKnownWithItsWidth) {
  EXPECT_GE(libtorch::all_scalar_types().size(), 46U);
  std::set<std::string> seen;
  for (const c10::ScalarType type : libtorch::all_scalar_types()) {
    const std::string name = libtorch::dtype_name(type);
    EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_EQ(libtorch::scalar_type(name), type) << name;
    EXPECT_EQ(dtype_itemsize(name), c10::elementSize(type)) << name;
    EXPECT_EQ(c10::elementSize(libtorch::bits_type(type)), c10::elementSize(type)) << name;
  }
}

TEST(Dtype, LegacyNamesAreUnknown) { EXPECT_EQ(libtorch::scalar_type("float"), std::nullopt); }

TEST(Dtype, AnUnknownDtypeIsAnErrorThatNamesItAndTheTensor) {
  expect_error(ErrorCode::unsupported, AllOf(HasSubstr("'fc.weight'"), HasSubstr("'float3'")),
               [] { (void)libtorch::require_scalar_type("fc.weight", "float3"); });
}

TEST(StateDictOrder, ParametersThenBuffersThenChildrenAsInPython) {
  struct Leaf : torch::nn::Module {
    Leaf() {
      register_buffer("count", torch::zeros({}));
      register_parameter("weight", torch::zeros({2}));
      register_parameter("bias", {}, /*requires_grad=*/false);
    }
  };
  struct Root : torch::nn::Module {
    Root() {
      const auto leaf = register_module("left", std::make_shared<Leaf>());
      register_module("again", leaf);
      register_buffer("scale", torch::ones({1}));
      register_parameter("head", torch::ones({3}));
    }
  };
  EXPECT_THAT(names(state_dict(Root())), ElementsAre("head", "scale", "left.weight", "left.count",
                                                     "again.weight", "again.count"));
}

TEST(StateDictOrder, HoldersAndSharedPointersMeanTheModule) {
  const torch::nn::Linear linear(2, 1);
  EXPECT_THAT(names(state_dict(linear)), ElementsAre("weight", "bias"));
  EXPECT_THAT(names(state_dict(linear.ptr())), ElementsAre("weight", "bias"));
}

TEST(TorchSource, DescribesATensor) {
  const TorchSource source(StateDict{{"w", torch::zeros({2, 3}, torch::kBFloat16)}});
  const TensorSpec& spec = source.tensors()[0];
  EXPECT_EQ(spec.name, "w");
  EXPECT_EQ(spec.dtype, "bfloat16");
  EXPECT_THAT(spec.shape, ElementsAre(2, 3));
  EXPECT_EQ(spec.nbytes, 12U);
  EXPECT_EQ(spec.tied_to, std::nullopt);
}

TEST(TorchSource, ContiguousMemoryIsReadInPlace) {
  const torch::Tensor tensor = torch::randn({3000, 2000}, torch::requires_grad());
  const Pieces pieces = read(tensor);
  EXPECT_EQ(pieces.first, tensor.const_data_ptr());
  EXPECT_THAT(pieces.sizes, ElementsAre(tensor.nbytes()));
}

TEST(TorchSource, ScalarsAndEmptyTensors) {
  EXPECT_EQ(read(torch::tensor(7, torch::kByte)).bytes, std::vector<std::uint8_t>{7});
  EXPECT_THAT(read(torch::empty({0, 4})).sizes, IsEmpty());
}

TEST(TorchSource, StridedTensorsAreGatheredInRowMajorOrder) {
  const torch::Tensor base = torch::randn({2, 3, 4, 5});
  const std::vector<torch::Tensor> views = {
      base.transpose(0, 3), base.slice(3, 1, 5, 2),
      base.select(1, 0).unsqueeze(1).expand({2, 6, 4, 5}),
      torch::randn({2, 3, 4, 5}).contiguous(torch::MemoryFormat::ChannelsLast)};
  for (const torch::Tensor& view : views) {
    ASSERT_FALSE(view.is_contiguous());
    EXPECT_EQ(read(view).bytes, bytes_of(view)) << view.sizes() << view.strides();
  }
}

TEST(TorchSource, LargeStridedTensorsAreReadInBoundedPieces) {
  const torch::Tensor flat = torch::arange(12'000'000, torch::kInt);
  const torch::Tensor long_rows = flat.view({-1, 2}).t();  // each row alone is more than a piece
  for (const torch::Tensor& view : {flat.view({4000, 3000}).t(), long_rows}) {
    const Pieces pieces = read(view);
    EXPECT_GT(pieces.sizes.size(), 1U);
    EXPECT_LE(*std::ranges::max_element(pieces.sizes), std::size_t{16} << 20);
    EXPECT_TRUE(pieces.bytes == bytes_of(view)) << view.sizes();
  }
}

TEST(TorchSource, StopsWhenTheSinkStops) {
  TorchSource source(StateDict{{"t", torch::zeros({3000, 3000}).t()}});
  int calls = 0;
  source.read(0, [&](std::span<const std::byte>) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1);
}

TEST(TorchSource, ConjugatedAndNegatedViewsAreResolved) {
  const torch::Tensor z = torch::randn({3, 4}, torch::kComplexFloat);
  ASSERT_TRUE(z.conj().is_conj());
  EXPECT_EQ(read(z.conj()).bytes, bytes_of(torch::conj_physical(z)));
  const torch::Tensor negated = torch::imag(z.conj());
  ASSERT_TRUE(negated.is_neg());
  EXPECT_EQ(read(negated).bytes, bytes_of(-torch::imag(z).contiguous()));
}

TEST(TorchSource, GathersDtypesWithoutACopyKernel) {
  for (const c10::ScalarType type : libtorch::all_scalar_types()) {
    const torch::Tensor view = random_bits({4, 6}, type).t();
    EXPECT_EQ(read(view).bytes, bytes_of(view)) << type;
  }
}

TEST(TorchSource, TiesAreTheSameStorageOffsetShapeStridesAndDtype) {
  const torch::Tensor w = torch::zeros({2, 2}, torch::kComplexFloat);
  const TorchSource source(StateDict{{"a", w},
                                     {"clone", w.clone()},
                                     {"b", w.detach()},
                                     {"transposed", w.t()},
                                     {"conjugated", w.conj()},
                                     {"c", w.view({2, 2})}});
  std::vector<std::optional<std::size_t>> ties;
  for (const TensorSpec& spec : source.tensors()) ties.push_back(spec.tied_to);
  const std::optional<std::size_t> none;
  EXPECT_THAT(ties, ElementsAre(none, none, 0U, none, none, 0U));
}

TEST(TorchSource, EmptyTensorsAreNotTied) {
  const torch::Tensor empty = torch::empty({0});
  const TorchSource source(StateDict{{"a", empty}, {"b", empty}});
  EXPECT_EQ(source.tensors()[1].tied_to, std::nullopt);
}

TEST(TorchSource, OverlapsThatAreNotTiesAreNoted) {
  const torch::Tensor base = torch::zeros({10});
  const TorchSource source(
      StateDict{{"back", base.narrow(0, 4, 6)}, {"front", base.narrow(0, 0, 5)}});
  EXPECT_THAT(source.notes(), ElementsAre(AllOf(HasSubstr("back and front share memory"),
                                                HasSubstr("both are saved in full"))));
}

TEST(TorchSource, NeighboursInOneStorageAreNotNoted) {
  const torch::Tensor base = torch::zeros({10});
  const TorchSource source(
      StateDict{{"a", base.narrow(0, 0, 5)}, {"b", base.narrow(0, 5, 5)}, {"c", torch::ones({3})}});
  EXPECT_THAT(source.notes(), IsEmpty());
}

void expect_rejected(const torch::Tensor& tensor, const std::string& reason) {
  expect_error(ErrorCode::invalid_argument, AllOf(HasSubstr("'fc.odd'"), HasSubstr(reason)),
               [&] { TorchSource(StateDict{{"fine", torch::ones({1})}, {"fc.odd", tensor}}); });
}

TEST(TorchSourceRejects, Sparse) { expect_rejected(torch::eye(3).to_sparse(), "Sparse"); }
TEST(TorchSourceRejects, Nested) {
  expect_rejected(torch::_nested_tensor_from_tensor_list({torch::ones({2}), torch::ones({3})}),
                  "nested");
}
TEST(TorchSourceRejects, Quantized) {
  expect_rejected(torch::quantize_per_tensor(torch::ones({4}), 0.5, 0, torch::kQInt8),
                  "quantized (qint8)");
}
TEST(TorchSourceRejects, Meta) { expect_rejected(torch::empty({2}, torch::kMeta), "meta"); }
TEST(TorchSourceRejects, ZeroTensor) {
  expect_rejected(torch::_efficientzerotensor({2}, torch::TensorOptions()), "no memory");
}
TEST(TorchSourceRejects, Undefined) { expect_rejected(torch::Tensor(), "undefined"); }
TEST(TorchSourceRejects, ADuplicateName) {
  expect_error(ErrorCode::invalid_argument, HasSubstr("two tensors are named 'w'"),
               [] { TorchSource(StateDict{{"w", torch::ones({1})}, {"w", torch::ones({1})}}); });
}

}  // namespace
}  // namespace lancekeep
