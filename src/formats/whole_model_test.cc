// SPDX-License-Identifier: Apache-2.0
#include "formats/whole_model.h"

#include <lancekeep/formats.h>

#include "formats/export/formats_testing.h"
#include "formats/safetensors/safetensors_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"
#include "tensor/source_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ShardName, HasANumberAndATotal) {
  const auto found = parse_shard_name("model-00002-of-00013.fp16.safetensors");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->start, "model-");
  EXPECT_EQ(found->end, ".fp16.safetensors");
  EXPECT_EQ(found->digits, 5u);
  EXPECT_EQ(found->number, 2u);
  EXPECT_EQ(found->total, 13u);
}

TEST(ShardName, OtherNamesAreNot) {
  for (const char* name : {"model.safetensors", "model-00002.safetensors", "one-of-two.pt",
                           "00001-of-00002.pt", "model-1-of-02.pt", "model-00003-of-00002.pt",
                           "model-0-of-0.pt", "model-1234567890-of-1234567890.pt", "-of-", ""}) {
    EXPECT_FALSE(parse_shard_name(name)) << name;
  }
}

class WholeModelTest : public testing::Test {
 protected:
  // Makes a file with a tensor of one byte, its name's first letter.
  std::filesystem::path file(const std::string& path, const std::string& tensor) {
    const std::string header = "{" + safetensors_entry(tensor, "U8", "[1]", 0, 1) + "}";
    return folder_.write(path, safetensors_of(header, tensor.substr(0, 1)));
  }
  std::filesystem::path index(const std::string& path, const std::string& map) {
    return folder_.write(path, R"({"weight_map":{)" + map + "}}");
  }
  auto opening(const std::filesystem::path& path) {
    return [path] { (void)open_model(path); };
  }
  std::vector<std::string> names(const std::filesystem::path& path) {
    return tensor_names(*open_model(path));
  }

  io::TemporaryFolder folder_;
};

TEST_F(WholeModelTest, OneOfSeveralFilesIsAllOfThem) {
  const auto second = file("m-00002-of-00002.safetensors", "b");
  const auto first = file("m-00001-of-00002.safetensors", "a");
  const auto source = open_model(second);
  EXPECT_THAT(tensor_names(*source), ElementsAre("a", "b"));
  EXPECT_THAT(source->notes(), ElementsAre(HasSubstr("consists of 2 files without an index")));
  EXPECT_THAT(model_paths(std::vector{second, first}), ElementsAre(first));
}

TEST_F(WholeModelTest, SomeProgramsCountFromZero) {
  file("m-00000-of-00002.safetensors", "a");
  EXPECT_THAT(names(file("m-00001-of-00002.safetensors", "b")), ElementsAre("a", "b"));
}

TEST_F(WholeModelTest, OneOfSeveralFilesWithAnIndexIsRejected) {
  const auto first = file("m-00001-of-00002.safetensors", "a");
  file("m-00002-of-00002.safetensors", "b");
  for (const char* name : {"m.safetensors.index.json", "m.safetensors.index.fp16.json"}) {
    const auto path = index(name, "");
    const auto shard = name == std::string("m.safetensors.index.json")
                           ? first
                           : file("m-00001-of-00002.fp16.safetensors", "a");
    EXPECT_THAT(opening(shard),
                fails_with(ErrorCode::invalid_argument, "give `" + path.string() + "` instead"));
    EXPECT_THAT([&] { (void)model_paths(std::vector{shard}); },
                fails_with(ErrorCode::invalid_argument, "by its index"));
    std::filesystem::remove(path);
  }
}

TEST_F(WholeModelTest, MissingFilesAreNamed) {
  EXPECT_THAT(opening(file("m-00001-of-00003.safetensors", "a")),
              fails_with(ErrorCode::not_found,
                         "these are not beside it: `m-00002-of-00003.safetensors`, "
                         "`m-00003-of-00003.safetensors`"));
}

TEST_F(WholeModelTest, TheOnlyFileOfAModelIsTheModel) {
  const auto path = file("m-00001-of-00001.safetensors", "a");
  EXPECT_THAT(names(path), ElementsAre("a"));
  EXPECT_THAT(open_model(path)->notes(), IsEmpty());
}

TEST_F(WholeModelTest, FilesOfOneTensorAreNotPartsOfAModel) {
  file("epoch-1-of-2.safetensors", "a");
  EXPECT_THAT(opening(file("epoch-2-of-2.safetensors", "a")),
              fails_with(ErrorCode::corrupt, "If each file is a model of its own, rename them"));
}

TEST_F(WholeModelTest, AFileByItselfIsReadAsItIs) {
  const auto path = file("m-00001-of-00002.safetensors", "a");
  EXPECT_THAT(tensor_names(*open_model_file(path)), ElementsAre("a"));
}

TEST_F(WholeModelTest, AFolderIsItsOnlyModel) {
  file("hub/model.safetensors", "a");
  folder_.write("hub/optimizer.pt", "x");
  folder_.write("hub/config.json", "{}");
  const auto source = open_model(folder_.path() / "hub");
  EXPECT_THAT(tensor_names(*source), ElementsAre("a"));
  EXPECT_THAT(source->notes(),
              ElementsAre("of the folder, `model.safetensors` was read; not `optimizer.pt`"));
}

TEST_F(WholeModelTest, AFolderOfAnotherFormatIsNamed) {
  const auto folder = [&](const char* name) { return opening(folder_.path() / name); };
  folder_.write("dcp/__0_0.distcp", "x");
  EXPECT_THAT(folder("dcp"), fails_with(ErrorCode::invalid_argument, "dcp_to_torch_save(folder"));
  folder_.write("deepspeed/mp_rank_00_model_states.pt", "x");
  folder_.write("deepspeed/zero_pp_rank_0_mp_rank_00_optim_states.pt", "x");
  EXPECT_THAT(folder("deepspeed"),
              fails_with(ErrorCode::invalid_argument, "this is a DeepSpeed checkpoint"));
  file("several/a.safetensors", "a");
  file("several/b.safetensors", "b");
  EXPECT_THAT(folder("several"),
              fails_with(ErrorCode::invalid_argument, "this folder has several models"));
}

TEST_F(WholeModelTest, AFolderWithAnIndexIsTheModelOfTheIndex) {
  file("hub/m-00001-of-00002.safetensors", "a");
  file("hub/m-00002-of-00002.safetensors", "b");
  index("hub/m.safetensors.index.json",
        R"("a":"m-00001-of-00002.safetensors","b":"m-00002-of-00002.safetensors")");
  EXPECT_THAT(names(folder_.path() / "hub"), ElementsAre("a", "b"));
}

TEST_F(WholeModelTest, AFolderOfSeveralFilesWithoutAnIndexIsTheirModel) {
  file("hub/m-00001-of-00002.safetensors", "a");
  file("hub/m-00002-of-00002.safetensors", "b");
  EXPECT_THAT(names(folder_.path() / "hub"), ElementsAre("a", "b"));
}

TEST_F(WholeModelTest, AFolderOfSeveralModelsIsRejected) {
  file("hub/a.safetensors", "a");
  file("hub/b.safetensors", "b");
  EXPECT_THAT(opening(folder_.path() / "hub"),
              fails_with(ErrorCode::invalid_argument,
                         "several models, `a.safetensors`, `b.safetensors`; give the file of one"));
}

TEST_F(WholeModelTest, AFolderWithoutAModelIsRejected) {
  folder_.write("empty/readme.txt", "x");
  EXPECT_THAT(opening(folder_.path() / "empty"),
              fails_with(ErrorCode::invalid_argument, "has no model file"));
  std::filesystem::create_directories(folder_.path() / "m.lance/_versions");
  EXPECT_THAT(opening(folder_.path() / "m.lance"),
              fails_with(ErrorCode::invalid_argument, "this is a Lance dataset"));
}

TEST_F(WholeModelTest, OtherPathsAreKept) {
  const std::vector<std::filesystem::path> paths = {folder_.path() / "none", folder_.path()};
  EXPECT_EQ(model_paths(paths), paths);
}

}  // namespace
}  // namespace lancekeep::formats
