// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/formats.h>

#include "formats/export/formats_testing.h"
#include "formats/numpy/numpy_testing.h"
#include "formats/safetensors/safetensors_testing.h"
#include "formats/torch/torch_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"
#include "tensor/source_testing.h"

#include <gmock/gmock.h>
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

TEST_F(ModelFile, KnowsTheLegacyTorchForm) {
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

TEST_F(ModelFile, AnotherZipArchiveIsRejected) {
  EXPECT_THAT(opening(formats::zip_of({{"notes.txt", "x"}})),
              fails_with(ErrorCode::unsupported, "written neither by torch.save"));
}

TEST_F(ModelFile, AMissingFileIsNotFound) {
  EXPECT_THAT([&] { (void)open_model_file(folder_.path() / "none"); },
              fails_with(ErrorCode::not_found, "none"));
}

TEST_F(ModelFile, AFolderIsRejected) {
  EXPECT_THAT([&] { (void)open_model_file(folder_.path()); },
              fails_with(ErrorCode::invalid_argument, "this is a folder, expected a model file"));
  std::filesystem::create_directories(folder_.path() / "m.lance/_versions");
  EXPECT_THAT([&] { (void)open_model_file(folder_.path() / "m.lance"); },
              fails_with(ErrorCode::invalid_argument, "this is a Lance dataset"));
}

TEST_F(ModelFile, AnEmptyFileIsRejected) {
  EXPECT_THAT(opening(""), fails_with(ErrorCode::corrupt, "the file is empty"));
}

TEST_F(ModelFile, AGitLfsPointerIsRejectedWithAdvice) {
  EXPECT_THAT(opening("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
              fails_with(ErrorCode::unsupported, "git lfs pull"));
}

TEST_F(ModelFile, AnHtmlPageIsRejectedWithAdvice) {
  EXPECT_THAT(opening("\n<!DOCTYPE HTML><html></html>"),
              fails_with(ErrorCode::unsupported, "this is an HTML page"));
}

TEST_F(ModelFile, ATarArchiveIsRejectedWithAdvice) {
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_THAT(opening(tar), fails_with(ErrorCode::unsupported, "torch.save before 0.1.10"));
}

TEST_F(ModelFile, KnowsTheIndexOfAShardedModel) {
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

TEST_F(ModelFile, AnIndexAmongTheFilesOfAnIndexIsRejected) {
  EXPECT_THAT(opening("{\"weight_map\": {\"w\":\"model.any\"}}"),
              fails_with(ErrorCode::unsupported, "this is JSON text"));
}

TEST_F(ModelFile, OtherJsonIsRejectedWithAdvice) {
  EXPECT_THAT(opening("{\"model_type\": {\"weight_map\": {}}}"),
              fails_with(ErrorCode::unsupported, "but not the index of a sharded model"));
}

TEST_F(ModelFile, AnythingElseShowsItsFirstBytes) {
  EXPECT_THAT(
      opening("\x7f"
              "ELF\x01"),
      fails_with(ErrorCode::unsupported, "no model file starts with `\\x7fELF\\x01`; supp"));
}

TEST_F(ModelFile, AFileOfAnotherKindIsRejectedWithAdvice) {
  EXPECT_THAT(opening("GGUF"), fails_with(ErrorCode::unsupported, "this is a GGUF file"));
}

TEST_F(ModelFile, AFolderOfAnotherKindIsRejectedWithAdvice) {
  folder_.write("step1/__0_0.distcp", "x");
  EXPECT_THAT([&] { (void)open_model_file(folder_.path() / "step1"); },
              fails_with(ErrorCode::invalid_argument, "dcp_to_torch_save"));
}

TEST_F(ModelFile, ALinkToNothingNamesItsTarget) {
  std::filesystem::create_symlink("blobs/ab", folder_.path() / "m.pth");
  EXPECT_THAT([&] { (void)open_model_file(folder_.path() / "m.pth"); },
              fails_with(ErrorCode::not_found, "this is a link to `blobs/ab`"));
}

TEST_F(ModelFile, AUrlIsRejectedWithAdvice) {
  EXPECT_THAT([] { (void)open_model_file("https://host/m.pth"); },
              fails_with(ErrorCode::not_found, "this is a URL; download the file first"));
}

TEST_F(ModelFile, APt2ArchiveIsRejectedWithAdvice) {
  EXPECT_THAT(opening(formats::zip_of({{"m/archive_format", "pt2"}})),
              fails_with(ErrorCode::unsupported, "torch.export.load"));
}

TEST_F(ModelFile, AKerasArchiveIsRejectedWithAdvice) {
  EXPECT_THAT(opening(formats::zip_of({{"config.json", "{}"}, {"model.weights.h5", "x"}})),
              fails_with(ErrorCode::unsupported, "a Keras archive"));
}

TEST_F(ModelFile, AZipArchiveWithAModelInItIsRejectedWithAdvice) {
  EXPECT_THAT(opening(formats::zip_of({{"README", "x"}, {"a/m.safetensors", "x"}})),
              fails_with(ErrorCode::unsupported, "with `a/m.safetensors` in it: unpack it"));
}

using testing::ElementsAre;
using testing::IsEmpty;

class WriteModelFile : public formats::WriterTest {
 protected:
  WriteModelFile() {
    add("a", 2);
    add("b", 2);
  }
  ExportReport write(const std::string& name, const ExportOptions& options = {}) {
    return write_model_file(path(name), source_, options);
  }
  auto writing(const std::string& name, const ExportOptions& options = {}) {
    return [this, name, options] { (void)write(name, options); };
  }
  std::vector<std::string> names_in(const std::string& name) {
    return formats::tensor_names(*open_model_file(path(name)));
  }
};

TEST_F(WriteModelFile, WritesSafetensorsWithItsMetadata) {
  const ExportReport report = write("m.safetensors", {.metadata = {{"epoch", "3"}}});
  EXPECT_EQ(report.tensors, 2u);
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m.safetensors"));
  EXPECT_THAT(names_in("m.safetensors"), ElementsAre("a", "b"));
  EXPECT_EQ(open_model_file(folder_.path() / "m.safetensors")->metadata().at("epoch"), "3");
}

TEST_F(WriteModelFile, StripsAPrefix) {
  source_ = {};
  add("model.a", 2);
  add("epoch", 1);
  const ExportReport report = write("m.npz", {.strip_prefix = "model."});
  EXPECT_EQ(report.tensors, 1u);
  EXPECT_THAT(names_in("m.npz"), ElementsAre("a"));
}

TEST_F(WriteModelFile, RejectsAPrefixThatNoNameHas) {
  EXPECT_THAT(writing("m.npz", {.strip_prefix = "model."}),
              fails_with(ErrorCode::not_found, "no name starts with `model.`; names start with"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(WriteModelFile, WritesEachNameOfATiedTensorOnRequest) {
  source_.add("c", "uint8", {2}, "aa", 0);
  (void)write("m.safetensors");
  EXPECT_THAT(names_in("m.safetensors"), ElementsAre("a", "b"));
  (void)write("m.safetensors", {.tied_names = TiedNames::all});
  EXPECT_THAT(names_in("m.safetensors"), ElementsAre("a", "b", "c"));
}

TEST_F(WriteModelFile, WritesShardsOfTheGivenSize) {
  const ExportReport report = write("m.safetensors", {.max_shard_bytes = 2});
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m-00001-of-00002.safetensors",
                                        folder_.path() / "m-00002-of-00002.safetensors",
                                        folder_.path() / "m.safetensors.index.json"));
  EXPECT_THAT(names_in("m.safetensors.index.json"), ElementsAre("a", "b"));
}

TEST_F(WriteModelFile, WritesNpz) {
  const ExportReport report = write("m.npz");
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m.npz"));
  EXPECT_THAT(report.not_kept, IsEmpty());
  EXPECT_THAT(names_in("m.npz"), ElementsAre("a", "b"));
}

TEST_F(WriteModelFile, WritesNpy) {
  source_ = {};
  add("a", 2);
  const ExportReport report = write("m.npy");
  EXPECT_EQ(report.tensors, 1u);
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m.npy"));
}

TEST_F(WriteModelFile, SaysThatNumpyKeepsNoMetadata) {
  source_.text = {{"epoch", "3"}};
  EXPECT_THAT(write("m.npz").not_kept, ElementsAre("the metadata: `epoch`"));
  EXPECT_THAT(write("m.npz", {.metadata = {{"a", "1"}, {"loss", "2"}, {"epoch", "4"}}}).not_kept,
              ElementsAre("the metadata: `epoch`", "the given metadata: `a`, `loss`"));
}

TEST_F(WriteModelFile, RejectsATorchName) {
  EXPECT_THAT(writing("m.pth"), fails_with(ErrorCode::invalid_argument,
                                           "`.pth`, a pickle, which Lancekeep does not write"));
}

TEST_F(WriteModelFile, RejectsAnUnknownExtension) {
  EXPECT_THAT(writing("m.onnx"),
              fails_with(ErrorCode::invalid_argument, ".safetensors, .npz or .npy, found `.onnx`"));
}

TEST_F(WriteModelFile, RejectsANameWithoutAnExtension) {
  EXPECT_THAT(writing("model"),
              fails_with(ErrorCode::invalid_argument, "found a name without an ending"));
}

TEST_F(WriteModelFile, RejectsTheNameOfAnIndex) {
  EXPECT_THAT(writing("m.safetensors.index.json"),
              fails_with(ErrorCode::invalid_argument, "use the name `m.safetensors`"));
}

TEST_F(WriteModelFile, RejectsShardsOfOtherKinds) {
  EXPECT_THAT(
      writing("m.npz", {.max_shard_bytes = 2}),
      fails_with(ErrorCode::invalid_argument, "only .safetensors can be written in shards"));
  EXPECT_THAT(
      writing("m.npy", {.max_shard_bytes = 2}),
      fails_with(ErrorCode::invalid_argument, "only .safetensors can be written in shards"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace

}  // namespace lancekeep
