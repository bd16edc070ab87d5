// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/globals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using testing::HasSubstr;

std::string reason(std::string_view module, std::string_view name, ErrorCode code) {
  const auto rejection = reject_torch_global(module, name);
  if (!rejection) return "it was allowed";
  EXPECT_STREQ(to_string(rejection->code), to_string(code));
  return rejection->why;
}

TEST(TorchGlobals, GlobalsThatACheckpointNeedsAreAllowed) {
  EXPECT_FALSE(reject_torch_global("collections", "OrderedDict"));
  EXPECT_FALSE(reject_torch_global("torch._utils", "_rebuild_tensor_v2"));
  EXPECT_FALSE(reject_torch_global("torch._utils", "_rebuild_parameter"));
  EXPECT_FALSE(reject_torch_global("torch", "BFloat16Storage"));
  EXPECT_FALSE(reject_torch_global("torch.storage", "UntypedStorage"));
  EXPECT_FALSE(reject_torch_global("torch", "float8_e4m3fn"));
  EXPECT_FALSE(reject_torch_global("numpy._core.multiarray", "scalar"));
  EXPECT_FALSE(reject_torch_global("__builtin__", "set"));
}

TEST(TorchGlobals, OthersAreUnsafe) {
  for (const auto& [module, name] :
       {std::pair("os", "system"), std::pair("posix", "system"), std::pair("builtins", "eval"),
        std::pair("torch", "load"), std::pair("torch.storage", "_load_from_bytes"),
        std::pair("torch", "_utils"), std::pair("", "")}) {
    EXPECT_THAT(reason(module, name, ErrorCode::unsafe), HasSubstr("nothing was run")) << name;
  }
}

TEST(TorchGlobals, AWholeModuleGetsAHint) {
  EXPECT_THAT(reason("torch.nn.modules.linear", "Linear", ErrorCode::unsafe),
              HasSubstr("save model.state_dict()"));
}

TEST(TorchGlobals, ANamespaceGetsAHint) {
  EXPECT_THAT(reason("argparse", "Namespace", ErrorCode::unsafe), HasSubstr("Save vars(args)"));
}

TEST(TorchGlobals, OtherGlobalsOfNumpyAndTorchSayWhatIsSupported) {
  EXPECT_THAT(reason("numpy", "matrix", ErrorCode::unsafe), HasSubstr("arrays and scalars"));
  EXPECT_THAT(reason("torch", "per_tensor_affine", ErrorCode::unsafe), HasSubstr("From torch"));
}

TEST(TorchGlobals, OtherKindsOfTensorsSayWhatToDo) {
  EXPECT_THAT(reason("torch._utils", "_rebuild_qtensor", ErrorCode::unsupported),
              HasSubstr("dequantize"));
  EXPECT_THAT(reason("torch._utils", "_rebuild_sparse_tensor", ErrorCode::unsupported),
              HasSubstr("to_dense"));
  EXPECT_THAT(reason("torch.distributed.tensor", "DTensor", ErrorCode::unsupported),
              HasSubstr("plain, dense tensor"));
  EXPECT_THAT(reason("torch._utils", "_rebuild_nested_tensor", ErrorCode::unsupported),
              HasSubstr("plain, dense tensor"));
}

TEST(TorchGlobals, StorageTypesHaveDtypes) {
  EXPECT_EQ(storage_type_dtype("torch", "HalfStorage"), "float16");
  EXPECT_EQ(storage_type_dtype("torch.cuda", "LongStorage"), "int64");
  EXPECT_EQ(storage_type_dtype("torch.storage", "UntypedStorage"), "uint8");
  EXPECT_EQ(storage_type_dtype("os", "HalfStorage"), std::nullopt);
  EXPECT_EQ(storage_type_dtype("torch", "float16"), std::nullopt);
}

}  // namespace
}  // namespace lancekeep::formats
