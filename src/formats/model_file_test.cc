// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/formats.h>

#include "formats/numpy/numpy_testing.h"
#include "formats/safetensors/safetensors_testing.h"
#include "formats/torch/torch_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep {
namespace {

using formats::PickledTensor;
using io::fails_with;

class ModelFile : public testing::Test {
 protected:
  std::unique_ptr<TensorSource> open(const std::string& bytes) {
    return open_model_file(folder_.write("model.any", bytes));
  }
  auto opening(const std::string& bytes) {
    return [this, bytes] { (void)open(bytes); };
  }

  io::TemporaryFolder folder_;
};

TEST_F(ModelFile, KnowsSafetensors) {
  const std::string header = "{" + formats::safetensors_entry("w", "U8", "[1]", 0, 1) + "}";
  EXPECT_EQ(open(formats::safetensors_of(header, "x"))->tensors()[0].name, "w");
}

TEST_F(ModelFile, KnowsSafetensorsWhoseLengthLooksLikeAPickle) {
  std::string header = "{" + formats::safetensors_entry("w", "U8", "[1]", 0, 1) + "}";
  header.resize(0x280, ' ');
  EXPECT_EQ(open(formats::safetensors_of(header, "x"))->tensors()[0].name, "w");
}

TEST_F(ModelFile, KnowsTorchZip) {
  const std::string object = formats::pickled_dict({{"w", PickledTensor().text()}});
  const auto content = formats::torch_zip_content(object, {{"0", formats::counting_bytes(24)}});
  EXPECT_EQ(open(formats::zip_of(content))->tensors()[0].nbytes, 24u);
}

TEST_F(ModelFile, KnowsTheOlderTorchForm) {
  formats::LegacyParts parts;
  parts.object =
      formats::whole_pickle(formats::pickled_dict({{"w", formats::legacy_tensor().text()}}));
  EXPECT_EQ(open(parts.text())->tensors()[0].nbytes, 24u);
}

TEST_F(ModelFile, KnowsNumPysArchives) {
  const std::string array = formats::npy_of(formats::npy_header("'|u1'", "(1,)"), "x");
  EXPECT_EQ(open(formats::zip_of({{"w.npy", array}}))->tensors()[0].name, "w");
  EXPECT_TRUE(open(formats::zip_of({}))->tensors().empty());
}

TEST_F(ModelFile, KnowsNumPysArrays) {
  const auto source = open(formats::npy_of(formats::npy_header("'|u1'", "(1,)"), "x"));
  EXPECT_EQ(source->tensors()[0].name, "model");
}

TEST_F(ModelFile, AnotherZipArchiveIsNamed) {
  EXPECT_THAT(opening(formats::zip_of({{"notes.txt", "x"}})),
              fails_with(ErrorCode::unsupported, "neither one of torch.save"));
}

TEST_F(ModelFile, AMissingFileIsNotFound) {
  EXPECT_THAT([&] { (void)open_model_file(folder_.path() / "none"); },
              fails_with(ErrorCode::not_found, "none"));
}

TEST_F(ModelFile, AFolderIsNone) {
  EXPECT_THAT([&] { (void)open_model_file(folder_.path()); },
              fails_with(ErrorCode::invalid_argument, "this is a folder, expected a model file"));
  std::filesystem::create_directories(folder_.path() / "m.lance/_versions");
  EXPECT_THAT([&] { (void)open_model_file(folder_.path() / "m.lance"); },
              fails_with(ErrorCode::invalid_argument, "this is a Lance dataset"));
}

TEST_F(ModelFile, AnEmptyFileIsRefused) {
  EXPECT_THAT(opening(""), fails_with(ErrorCode::corrupt, "the file is empty"));
}

TEST_F(ModelFile, AGitLfsPointerIsNamed) {
  EXPECT_THAT(opening("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
              fails_with(ErrorCode::unsupported, "git lfs pull"));
}

TEST_F(ModelFile, AnHtmlPageIsNamed) {
  EXPECT_THAT(opening("\n<!DOCTYPE HTML><html></html>"),
              fails_with(ErrorCode::unsupported, "this is an HTML page"));
}

TEST_F(ModelFile, ATarArchiveIsNamed) {
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_THAT(opening(tar), fails_with(ErrorCode::unsupported, "torch.save before 0.1.10"));
}

TEST_F(ModelFile, KnowsTheIndexOfSeveralFiles) {
  const std::string header = "{" + formats::safetensors_entry("w", "U8", "[1]", 0, 1) + "}";
  folder_.write("a.any", formats::safetensors_of(header, "x"));
  const std::string object = formats::pickled_dict({{"v", PickledTensor().text()}});
  const auto content = formats::torch_zip_content(object, {{"0", formats::counting_bytes(24)}});
  folder_.write("sub/b.bin", formats::zip_of(content));
  const auto source = open("\n {\"weight_map\":{\"v\":\"sub/b.bin\",\"w\":\"a.any\"}}");
  ASSERT_EQ(source->tensors().size(), 2u);
  EXPECT_EQ(bytes_of(*source, 0), "x");
  EXPECT_EQ(bytes_of(*source, 1), formats::counting_bytes(24));
}

TEST_F(ModelFile, AnIndexAmongTheFilesOfAnIndexIsRefused) {
  EXPECT_THAT(opening("{\"weight_map\": {\"w\":\"model.any\"}}"),
              fails_with(ErrorCode::unsupported, "this is JSON text"));
}

TEST_F(ModelFile, OtherJsonIsNamed) {
  EXPECT_THAT(opening("{\"model_type\": {\"weight_map\": {}}}"),
              fails_with(ErrorCode::unsupported, "but not the index of a model in several files"));
}

TEST_F(ModelFile, AnythingElseShowsItsFirstBytes) {
  EXPECT_THAT(opening(std::string("\x89HDF\r\n\x1a\n", 8)),
              fails_with(ErrorCode::unsupported,
                         "no model file starts with `\\x89HDF\\x0d\\x0a\\x1a\\x0a`"));
}

}  // namespace
}  // namespace lancekeep
