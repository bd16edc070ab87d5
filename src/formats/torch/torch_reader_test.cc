// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/torch_reader.h"

#include "formats/torch/checkpoint_testing.h"
#include "io/testing/error_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Numbers = std::vector<std::int32_t>;
using namespace std::string_literals;

class TorchCheckpoint : public CheckpointTest {
 protected:
  using CheckpointTest::opening;
  auto opening(const PickledTensor& tensor) {
    return opening(pickled_dict({{"w", tensor.text()}}));
  }
};

TEST_F(TorchCheckpoint, AContiguousTensorIsItsStorage) {
  const auto source = open(pickled_dict({{"w", tensor_.text()}}));
  ASSERT_EQ(source->tensors().size(), 1u);
  const TensorSpec& spec = source->tensors()[0];
  EXPECT_EQ(spec.name, "w");
  EXPECT_EQ(spec.dtype, "float32");
  EXPECT_EQ(spec.shape, (Shape{2, 3}));
  EXPECT_EQ(spec.nbytes, 24u);
  EXPECT_EQ(bytes_of(*source, 0), counting_bytes(24));
  EXPECT_THAT(source->notes(), IsEmpty());
}

TEST_F(TorchCheckpoint, ATransposedTensorIsReordered) {
  tensor_.type = pickled_global("torch", "ByteStorage");
  tensor_.elements = 24;
  tensor_.shape = pickled_tuple(Numbers{3, 2});
  tensor_.strides = pickled_tuple(Numbers{1, 3});
  const auto source = open(pickled_dict({{"w", tensor_.text()}}));
  EXPECT_EQ(bytes_of(*source, 0), std::string("\0\3\1\4\2\5", 6));
}

TEST_F(TorchCheckpoint, ASliceStartsAtItsOffset) {
  tensor_.offset = pickled(4);
  tensor_.shape = pickled_tuple(Numbers{2});
  tensor_.strides = pickled_tuple(Numbers{1});
  const auto source = open(pickled_dict({{"w", tensor_.text()}}));
  EXPECT_EQ(bytes_of(*source, 0), counting_bytes(24).substr(16));
}

TEST_F(TorchCheckpoint, ATensorWithItsOwnDtypeOverAnUntypedStorage) {
  tensor_.type = pickled_global("torch.storage", "UntypedStorage");
  tensor_.elements = 24;
  tensor_.function = "_rebuild_tensor_v3";
  tensor_.rest += pickled_global("torch", "uint16");
  tensor_.offset = pickled(3);
  const auto source = open(pickled_dict({{"w", tensor_.text()}}));
  EXPECT_EQ(source->tensors()[0].dtype, "uint16");
  EXPECT_EQ(bytes_of(*source, 0), counting_bytes(24).substr(6, 12));
}

TEST_F(TorchCheckpoint, AParameterIsATensor) {
  const std::string parameter =
      pickled_global("torch._utils", "_rebuild_parameter") + "(" + tensor_.text() + "\x88)tR";
  EXPECT_EQ(open(pickled_dict({{"w", parameter}}))->tensors()[0].nbytes, 24u);
}

TEST_F(TorchCheckpoint, AnEmptyTensorReadsNothing) {
  tensor_.shape = pickled_tuple(Numbers{0, 3});
  tensor_.offset = pickled(1'000'000);
  const auto source = open(pickled_dict({{"w", tensor_.text()}}));
  EXPECT_EQ(source->tensors()[0].nbytes, 0u);
  EXPECT_EQ(bytes_of(*source, 0), "");
}

TEST_F(TorchCheckpoint, TheSameViewTwiceIsATie) {
  const auto source =
      open(pickled_dict({{"a", tensor_.text()}, {"b", tensor_.text()}, {"c", tensor_.text()}}));
  EXPECT_EQ(source->tensors()[0].tied_to, std::nullopt);
  EXPECT_EQ(source->tensors()[1].tied_to, 0u);
  EXPECT_EQ(source->tensors()[2].tied_to, 0u);
  EXPECT_THAT(source->notes(), IsEmpty());
}

TEST_F(TorchCheckpoint, OverlapsThatAreNotTiesAreNoted) {
  PickledTensor part = tensor_;
  part.offset = pickled(3);
  part.shape = pickled_tuple(Numbers{1, 3});
  const auto source = open(pickled_dict({{"a", tensor_.text()}, {"b", part.text()}}));
  EXPECT_EQ(source->tensors()[1].tied_to, std::nullopt);
  EXPECT_THAT(source->notes(),
              ElementsAre(HasSubstr("`a` and `b` are overlapping views of one storage")));
}

TEST_F(TorchCheckpoint, NeighboursDoNotOverlap) {
  tensor_.shape = pickled_tuple(Numbers{1, 3});
  PickledTensor next = tensor_;
  next.offset = pickled(3);
  EXPECT_THAT(open(pickled_dict({{"a", next.text()}, {"b", tensor_.text()}}))->notes(), IsEmpty());
}

TEST_F(TorchCheckpoint, AConjugatedViewIsResolved) {
  tensor_.type = pickled_global("torch", "ComplexFloatStorage");
  tensor_.elements = 3;
  tensor_.shape = pickled_tuple(Numbers{3});
  tensor_.strides = pickled_tuple(Numbers{1});
  tensor_.rest += "}" + pickled("conj") + "\x88s";
  const auto source = open(pickled_dict({{"w", tensor_.text()}}));
  std::string expected = counting_bytes(24);
  for (const std::size_t sign : {7, 15, 23}) expected[sign] = static_cast<char>(sign | 0x80);
  EXPECT_EQ(bytes_of(*source, 0), expected);
}

TEST_F(TorchCheckpoint, ANegatedViewIsResolved) {
  tensor_.rest += "}" + pickled("neg") + "\x88s";
  const auto source = open(pickled_dict({{"w", tensor_.text()}}));
  std::string expected = counting_bytes(24);
  for (std::size_t sign = 3; sign < 24; sign += 4) expected[sign] = static_cast<char>(sign | 0x80);
  EXPECT_EQ(bytes_of(*source, 0), expected);
}

TEST_F(TorchCheckpoint, ANegatedViewOfIntegersIsRejected) {
  tensor_.type = pickled_global("torch", "IntStorage");
  tensor_.rest += "}" + pickled("neg") + "\x88s";
  EXPECT_THAT(opening(tensor_),
              fails_with(ErrorCode::unsupported, "a negated view of dtype int32"));
}

TEST_F(TorchCheckpoint, UnknownTensorMetadataIsRejected) {
  tensor_.rest += "}" + pickled("twist") + "\x88s";
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::unsupported, "its metadata has twist"));
}

TEST_F(TorchCheckpoint, ATensorThatExtendsPastItsStorageIsRejected) {
  tensor_.offset = pickled(1);
  EXPECT_THAT(opening(tensor_),
              fails_with(ErrorCode::corrupt,
                         "tensor `w`: shape [2, 3] with strides [3, 1] from element 1 extends past "
                         "the 24 bytes of storage `0`"));
}

TEST_F(TorchCheckpoint, ANegativeStrideIsRejected) {
  tensor_.strides = pickled_tuple(Numbers{-3, 1});
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "strides [-3, 1] do not fit"));
}

TEST_F(TorchCheckpoint, ANegativeDimensionIsRejected) {
  tensor_.shape = pickled_tuple(Numbers{-2, 3});
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "[-2, 3] has a negative dimension"));
}

TEST_F(TorchCheckpoint, ANegativeOffsetIsRejected) {
  tensor_.offset = pickled(-1);
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "offset is not a count"));
}

TEST_F(TorchCheckpoint, StridesOfAnotherRankAreRejected) {
  tensor_.strides = pickled_tuple(Numbers{1});
  EXPECT_THAT(opening(tensor_),
              fails_with(ErrorCode::corrupt, "strides [1] do not fit shape [2, 3]"));
}

TEST_F(TorchCheckpoint, MoreDimensionsThanTorchHasAreRejected) {
  tensor_.shape = pickled_tuple(Numbers(65, 1));
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "its shape has 65 numbers"));
}

TEST_F(TorchCheckpoint, AShapeOfTextIsRejected) {
  tensor_.shape = pickled_tuple({pickled("2")});
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "its shape holds a str"));
}

TEST_F(TorchCheckpoint, AMissingStorageIsRejected) {
  tensor_.key = "7";
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "the file has no storage `7`"));
}

TEST_F(TorchCheckpoint, AStorageOfAnotherSizeIsRejected) {
  tensor_.elements = 5;
  EXPECT_THAT(opening(tensor_),
              fails_with(ErrorCode::corrupt, "has 24 bytes, but the pickle says 20"));
}

TEST_F(TorchCheckpoint, AnInvalidStorageTypeIsRejected) {
  tensor_.type = pickled_global("torch", "float32");
  EXPECT_THAT(opening(tensor_),
              fails_with(ErrorCode::corrupt, "the global torch.float32 as its type"));
}

TEST_F(TorchCheckpoint, AViewOutsideItsStorageIsRejected) {
  tensor_.view = pickled_tuple({pickled("1"), pickled(4), pickled(3)});
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "the view into storage `0`"));
}

TEST_F(TorchCheckpoint, AViewNarrowsTheStorage) {
  tensor_.view = pickled_tuple({pickled("1"), pickled(3), pickled(3)});
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "past the 12 bytes"));
  tensor_.shape = pickled_tuple(Numbers{1, 3});
  EXPECT_EQ(bytes_of(*open(pickled_dict({{"w", tensor_.text()}})), 0),
            counting_bytes(24).substr(12));
}

TEST_F(TorchCheckpoint, TooFewArgumentsAreRejected) {
  tensor_.rest = "";
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::corrupt, "called with 4 arguments"));
}

TEST_F(TorchCheckpoint, AnExpandedTensorFarBeyondTheFileIsRejected) {
  tensor_.shape = pickled_tuple(Numbers{2'000'000'000, 1'000'000});
  tensor_.strides = pickled_tuple(Numbers{0, 0});
  EXPECT_THAT(opening(tensor_), fails_with(ErrorCode::unsupported, "they are expanded views"));
}

TEST_F(TorchCheckpoint, AParameterWithAttributesIsATensor) {
  const std::string parameter = pickled_global("torch._utils", "_rebuild_parameter_with_state") +
                                "(" + tensor_.text() + "\x88}" + pickled_dict({{"a", "N"}}) + "tR";
  EXPECT_EQ(open(pickled_dict({{"w", parameter}}))->tensors()[0].nbytes, 24u);
}

// _rebuild_from_type_v2(function, type, arguments, state) of the tensor.
std::string of_type(const std::string& type, const std::string& function,
                    const std::string& arguments, const std::string& state) {
  return pickled_global("torch._tensor", "_rebuild_from_type_v2") +
         pickled_tuple({pickled_global("torch._utils", function), type, arguments, state}) + "R";
}

// The arguments of the call that makes a tensor.
std::string arguments_of(const PickledTensor& tensor) {
  const std::string function = pickled_global("torch._utils", tensor.function);
  const std::string text = tensor.text();
  return text.substr(function.size(), text.size() - function.size() - 1);
}

TEST_F(TorchCheckpoint, ATensorOfASubclassIsAPlainTensorWithANote) {
  const std::string type = pickled_global("my", "Tagged");
  const std::string arguments = arguments_of(tensor_);
  const std::string parameter = pickled_tuple({tensor_.text(), "\x88", "}"});
  for (const std::string& made : {of_type(type, "_rebuild_tensor_v2", arguments, "}"),
                                  of_type(type, "_rebuild_parameter", parameter, "}")}) {
    const auto source = open(pickled_dict({{"w", made}}));
    EXPECT_EQ(bytes_of(*source, 0), counting_bytes(24));
    EXPECT_THAT(source->notes(), ElementsAre("`w` (my.Tagged) is kept as a plain tensor"));
  }
}

TEST_F(TorchCheckpoint, ATensorThatWrapsAnotherOfItsShapeIsThatTensor) {
  const std::string type = pickled_global("torch.distributed.tensor", "DTensor");
  const auto wrapper = [&](const Numbers& shape) {
    return pickled_tuple({type, pickled_global("torch", "float32"), pickled_tuple(shape)});
  };
  const std::string state = "N" + pickled_dict({{"_local_tensor", tensor_.text()}}) + "\x86";
  const auto source = open(
      pickled_dict({{"w", of_type(type, "_rebuild_wrapper_subclass", wrapper({2, 3}), state)}}));
  EXPECT_EQ(bytes_of(*source, 0), counting_bytes(24));
  EXPECT_THAT(opening(pickled_dict(
                  {{"w", of_type(type, "_rebuild_wrapper_subclass", wrapper({4, 3}), state)}})),
              fails_with(ErrorCode::unsupported, "only a part of it; save tensor.full_tensor()"));
}

TEST_F(TorchCheckpoint, ATensorOfSeveralTensorsIsRejectedWithTheirNames) {
  const std::string type = pickled_global("torchao", "Int8Tensor");
  const std::string made = of_type(
      type, "_rebuild_wrapper_subclass",
      pickled_tuple({type, pickled_global("torch", "float32"), pickled_tuple(Numbers{2, 3})}),
      pickled_dict({{"qdata", tensor_.text()}, {"scale", tensor_.text()}}));
  EXPECT_THAT(opening(pickled_dict({{"w", made}})),
              fails_with(ErrorCode::unsupported,
                         "tensor `w` is a torchao.Int8Tensor, which consists of `qdata`, `scale`"));
}

TEST_F(TorchCheckpoint, ATensorMadeByAnUnknownFunctionIsRejected) {
  const std::string made = pickled_global("torch._tensor", "_rebuild_from_type_v2") + "(";
  EXPECT_THAT(opening(pickled_dict({{"w", made + pickled_global("torch", "Size") +
                                              pickled_global("torch", "Tensor") + "))tR"}})),
              fails_with(ErrorCode::unsupported, "tensor `w` has its own class"));
  EXPECT_THAT(
      opening(pickled_dict({{"w", made + "N" + pickled_global("torch", "Tensor") + "N)tR"}})),
      fails_with(ErrorCode::unsupported, "tensor `w` has its own class"));
}

TEST_F(TorchCheckpoint, AttributesOfATensorAreDropped) {
  EXPECT_EQ(open(pickled_dict({{"w", tensor_.text() + "}b"}}))->tensors()[0].nbytes, 24u);
  EXPECT_THAT(opening(pickled_dict({{"w", tensor_.text() + "Nb"}})),
              fails_with(ErrorCode::unsupported, "tensor `w` has a state of its own"));
}

TEST_F(TorchCheckpoint, AnInvalidStorageIsRejected) {
  const std::string call = pickled_global("torch._utils", "_rebuild_tensor_v2");
  EXPECT_THAT(opening(pickled_dict({{"w", call + "(NK\0))\x89Nt"s + "R"}})),
              fails_with(ErrorCode::corrupt, "tensor `w`: its storage is None"));
}

TEST_F(TorchCheckpoint, APersistentIdThatIsNotAStorageIsRejected) {
  const std::string call = pickled_global("torch._utils", "_rebuild_tensor_v2") + "(";
  for (const std::string& id : {"N"s, "K\x01"s, ")"s, pickled("storage"),
                                pickled_tuple({pickled("module"), "N", "N", "N", "N"})}) {
    EXPECT_THAT(opening(pickled_dict({{"w", call + id + "QK\0))\x89NtR"s}})),
                fails_with(ErrorCode::unsupported, "an external object that is not a storage"));
  }
}

TEST_F(TorchCheckpoint, AParameterOfAParameterIsRejected) {
  const std::string wrap = pickled_global("torch._utils", "_rebuild_parameter") + "(";
  const std::string twice = wrap + wrap + tensor_.text() + "\x88)tR\x88)tR";
  EXPECT_THAT(opening(pickled_dict({{"w", twice}})),
              fails_with(ErrorCode::corrupt, "parameter `w` wraps a call of"));
}

}  // namespace
}  // namespace lancekeep::formats
