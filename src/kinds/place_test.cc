// SPDX-License-Identifier: Apache-2.0
#include "kinds/place.h"

#include "io/testing/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::kinds {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

struct FolderCase {
  std::string test;
  std::vector<std::string> files;
  std::string what;
};

void PrintTo(const FolderCase& each, std::ostream* out) { *out << each.test; }

class KnownFolder : public testing::TestWithParam<FolderCase> {};

TEST_P(KnownFolder, SaysWhatItIsAndWhatHelps) {
  const io::TemporaryFolder folder;
  for (const std::string& file : GetParam().files) folder.write(file, "x");
  const FolderKind* kind = find_folder_kind(folder.path());
  ASSERT_NE(kind, nullptr);
  EXPECT_THAT(describe(*kind), HasSubstr(GetParam().what));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, KnownFolder,
    testing::Values(
        FolderCase{"Dcp", {".metadata", "__0_0.distcp"}, "dcp_to_torch_save"},
        FolderCase{"HubModel", {"blobs/ab", "refs/main", "snapshots/1/config.json"}, "`snapshots`"},
        FolderCase{"HubCache", {"models--openai--clip/refs/main"}, "cache of the Hugging Face Hub"},
        FolderCase{"SavedModel", {"saved_model.pb", "variables/variables.index"}, "SavedModel"},
        FolderCase{"TensorflowCheckpoint", {"checkpoint", "m.data-00000-of-00001"}, "TensorFlow"},
        FolderCase{"DeepSpeed", {"zero_to_fp32.py", "latest"}, "zero_to_fp32.py"},
        FolderCase{"Megatron", {"latest_checkpointed_iteration.txt"}, "Megatron"},
        FolderCase{"Orbax", {"_CHECKPOINT_METADATA", "manifest.ocdbt"}, "orbax.checkpoint"},
        FolderCase{"Zarr", {".zgroup", "w/.zarray"}, "zarr"},
        FolderCase{"CoreMl", {"Manifest.json", "Data/weights"}, "Core ML"},
        FolderCase{"UnpackedTorch", {"data.pkl", "data/0", "version"}, "unpacked"},
        FolderCase{"DatasetData", {"ab.lance", "cd.lance"}, "give the folder above it"},
        FolderCase{"ModelFolder", {"config.json", "model.safetensors"}, "its model file"}),
    [](const auto& each) { return each.param.test; });

TEST(FolderKind, OtherFoldersHaveNone) {
  const io::TemporaryFolder folder;
  EXPECT_EQ(find_folder_kind(folder.path()), nullptr);
  folder.write("cat.jpg", "meow");
  EXPECT_EQ(find_folder_kind(folder.path()), nullptr);
  EXPECT_EQ(find_folder_kind(folder.path() / "none"), nullptr);
}

class Place : public testing::Test {
 protected:
  std::filesystem::path link_to(const std::string& target) {
    const auto link = folder_.path() / "m.pth";
    std::filesystem::create_symlink(target, link);
    return link;
  }
  io::TemporaryFolder folder_;
};

TEST_F(Place, AModelFileIsNotAStoreButCanBeImported) {
  const auto file = folder_.write("m.npy", "\x93NUMPY");
  EXPECT_EQ(
      why_not_a_store(file),
      "a store is a folder, but this is a NumPy array file (.npy); to save it as a version of "
      "a store: lancekeep import " +
          file.string() + " STORE");
}

TEST_F(Place, AnotherFileIsNotAStoreEither) {
  EXPECT_THAT(why_not_a_store(folder_.write("m", "GGUF")),
              HasSubstr("but this is a GGUF file of llama.cpp: import the safetensors files"));
  EXPECT_EQ(why_not_a_store(folder_.write("e", "")),
            "a store is a folder, but this is an empty file");
  EXPECT_EQ(why_not_a_store(folder_.write("b", "\1\2\3")),
            "a store is a folder, but this is a file");
  EXPECT_THAT(why_not_a_store("/dev/null"), HasSubstr("found a special file"));
}

TEST_F(Place, ADanglingLinkNamesItsTarget) {
  EXPECT_EQ(why_missing(link_to("../blobs/ab")),
            "this is a link to `../blobs/ab`, which does not exist");
}

TEST_F(Place, ALinkOfGitAnnexNamesTheCommand) {
  EXPECT_THAT(why_missing(link_to(".git/annex/objects/x/MD5E-s3--ab.pth")),
              HasSubstr("git annex get"));
}

TEST_F(Place, AUrlIsNotAPath) {
  EXPECT_THAT(why_missing("https://huggingface.co/m.safetensors"), HasSubstr("this is a URL"));
  EXPECT_TRUE(is_url("hf://org/m"));
  EXPECT_FALSE(is_url("folder/s3://x"));
  EXPECT_FALSE(is_url("://x"));
}

TEST_F(Place, StandardInputIsNotAFile) {
  EXPECT_THAT(why_missing("-"), HasSubstr("standard input"));
}

TEST_F(Place, AnotherMissingFileHasNoReason) {
  EXPECT_EQ(why_missing(folder_.path() / "none"), "");
}

}  // namespace
}  // namespace lancekeep::kinds
