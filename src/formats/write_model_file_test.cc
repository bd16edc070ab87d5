// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/formats.h>

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"
#include "tensor/source_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::IsEmpty;

class WriteModelFile : public testing::Test {
 protected:
  ExportReport write(const std::string& name, const ExportOptions& options = {}) {
    return write_model_file(folder_.path() / name, source_, options);
  }
  auto writing(const std::string& name, const ExportOptions& options = {}) {
    return [this, name, options] { (void)write(name, options); };
  }
  std::vector<std::string> names_in(const std::string& name) {
    std::vector<std::string> names;
    const auto file = open_model_file(folder_.path() / name);
    for (const TensorSpec& tensor : file->tensors()) names.push_back(tensor.name);
    return names;
  }

  io::TemporaryFolder folder_;
  static MemorySource tensors(const std::vector<std::string>& names) {
    MemorySource source;
    for (const std::string& name : names) source.add(name, "uint8", {2}, name.substr(0, 1) + "!");
    return source;
  }

  MemorySource source_ = tensors({"a", "b"});
};

TEST_F(WriteModelFile, WritesSafetensorsWithItsMetadata) {
  const ExportReport report = write("m.safetensors", {.metadata = {{"epoch", "3"}}});
  EXPECT_EQ(report.tensors, 2u);
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m.safetensors"));
  EXPECT_THAT(names_in("m.safetensors"), ElementsAre("a", "b"));
  EXPECT_EQ(open_model_file(folder_.path() / "m.safetensors")->metadata().at("epoch"), "3");
}

TEST_F(WriteModelFile, WritesShardsOfTheSizeAskedFor) {
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
  source_ = tensors({"a"});
  const ExportReport report = write("m.npy");
  EXPECT_EQ(report.tensors, 1u);
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m.npy"));
}

TEST_F(WriteModelFile, SaysThatNumpyKeepsNoMetadata) {
  source_.text = {{"epoch", "3"}};
  EXPECT_THAT(write("m.npz").not_kept, ElementsAre("the metadata: `epoch`"));
  EXPECT_THAT(write("m.npz", {.metadata = {{"a", "1"}, {"loss", "2"}, {"epoch", "4"}}}).not_kept,
              ElementsAre("the metadata: `epoch`", "the metadata given: `a`, `loss`"));
}

TEST_F(WriteModelFile, RefusesATorchName) {
  EXPECT_THAT(writing("m.pth"),
              fails_with(ErrorCode::invalid_argument, "`.pth`, a pickle, which is not written"));
}

TEST_F(WriteModelFile, RefusesAnEndingThatItDoesNotKnow) {
  EXPECT_THAT(writing("m.onnx"),
              fails_with(ErrorCode::invalid_argument, ".safetensors, .npz or .npy, found `.onnx`"));
}

TEST_F(WriteModelFile, RefusesANameWithoutAnEnding) {
  EXPECT_THAT(writing("model"),
              fails_with(ErrorCode::invalid_argument, "found a name without an ending"));
}

TEST_F(WriteModelFile, RefusesTheNameOfAnIndex) {
  EXPECT_THAT(writing("m.safetensors.index.json"),
              fails_with(ErrorCode::invalid_argument, "name `m.safetensors`"));
}

TEST_F(WriteModelFile, RefusesShardsOfOtherKinds) {
  EXPECT_THAT(writing("m.npz", {.max_shard_bytes = 2}),
              fails_with(ErrorCode::invalid_argument, "only .safetensors is written in shards"));
  EXPECT_THAT(writing("m.npy", {.max_shard_bytes = 2}),
              fails_with(ErrorCode::invalid_argument, "only .safetensors is written in shards"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace lancekeep
