// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/globals.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace lancekeep::formats {
namespace {

TEST(TorchGlobals, WhatACheckpointOfDataNeedsIsKnown) {
  for (const auto& [module, name] :
       {std::pair("collections", "OrderedDict"), std::pair("torch._utils", "_rebuild_tensor_v2"),
        std::pair("torch._utils", "_rebuild_parameter"), std::pair("torch", "BFloat16Storage"),
        std::pair("torch.storage", "UntypedStorage"), std::pair("torch", "float8_e4m3fn"),
        std::pair("numpy._core.multiarray", "scalar"), std::pair("__builtin__", "set"),
        std::pair("pathlib", "PosixPath"), std::pair("builtins", "Ellipsis"),
        std::pair("torch", "channels_last"), std::pair("numpy", "float32")}) {
    EXPECT_TRUE(knows_torch_global(module, name)) << module << "." << name;
  }
}

TEST(TorchGlobals, OthersAreNotKnown) {
  for (const auto& [module, name] :
       {std::pair("os", "system"), std::pair("posix", "system"), std::pair("builtins", "eval"),
        std::pair("builtins", "getattr"), std::pair("torch", "load"),
        std::pair("torch.storage", "_load_from_bytes"), std::pair("torch", "_utils"),
        std::pair("argparse", "Namespace"), std::pair("torch.nn.modules.linear", "Linear"),
        std::pair("torch._utils", "_rebuild_sparse_tensor"), std::pair("numpy", "matrix"),
        std::pair("", "")}) {
    EXPECT_FALSE(knows_torch_global(module, name)) << module << "." << name;
  }
}

TEST(TorchGlobals, ConstantsHaveATextInJson) {
  const auto text_of = [](std::string_view module, std::string_view name) {
    const auto found = constant_json(module, name);
    return found ? std::string(found->tag) + " " + found->text : "none";
  };
  EXPECT_EQ(text_of("__builtin__", "Ellipsis"), "$constant Ellipsis");
  EXPECT_EQ(text_of("torch", "channels_last"), "$memory_format channels_last");
  EXPECT_EQ(text_of("torch", "per_tensor_affine"), "$qscheme per_tensor_affine");
  EXPECT_EQ(text_of("__builtin__", "long"), "$type int");
  EXPECT_EQ(text_of("numpy", "float32"), "$type numpy.float32");
  EXPECT_EQ(text_of("os", "system"), "none");
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
