// SPDX-License-Identifier: Apache-2.0
#include "cli/export_versions.h"

#include "cli/cli_testing.h"

#include <gtest/gtest.h>

#include <fstream>

namespace lancekeep::cli {
namespace {

TEST(WithVersion, FillsInTheNumber) {
  EXPECT_EQ(with_version("epoch-{version}.npz", 7), "epoch-7.npz");
  EXPECT_EQ(with_version("epoch-{version:03}.npz", 7), "epoch-007.npz");
  EXPECT_EQ(with_version("epoch-{version:03}.npz", 12345), "epoch-12345.npz");
  EXPECT_EQ(with_version("{version}/m-{version:02}.npz", 7), "7/m-07.npz");
  EXPECT_EQ(with_version("{version}", 18446744073709551615u), "18446744073709551615");
}

TEST(WithVersion, LeavesOtherNamesAlone) {
  for (const std::string name : {"m.npz", "{a}{b}.npz", "{}", "version}", "{ version}", ""}) {
    EXPECT_FALSE(has_version(name));
    EXPECT_EQ(with_version(name, 7), name);
  }
  EXPECT_TRUE(has_version("m{version:04}"));
}

TEST(WithVersion, RejectsOtherForms) {
  for (const std::string place : {"{version:4}", "{version:0}", "{version:04d}", "{version:021}",
                                  "{versions}", "{version ", "{version:", "{version:-4}"}) {
    try {
      (void)with_version("m-" + place, 7);
      ADD_FAILURE() << place;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      EXPECT_NE(std::string(error.what()).find("found `" + place + "`"), std::string::npos);
    }
  }
}

class CheckIsFree : public FolderTest {
 protected:
  void make(const std::string& name) { std::ofstream(folder() / name) << "mine"; }
  // Returns the name of the file that exists; empty if none does.
  std::string found(Shards shards) {
    try {
      check_is_free(folder() / "m.safetensors", shards);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::already_exists);
      EXPECT_NE(std::string(error.what()).find("--force"), std::string::npos);
      return std::filesystem::path(error.file()).filename();
    }
  }
};

TEST_F(CheckIsFree, AcceptsAFreeName) {
  make("m.npz");
  EXPECT_EQ(found(Shards::none), "");
  EXPECT_EQ(found(Shards::allowed), "");
}

TEST_F(CheckIsFree, FindsTheFile) {
  make("m.safetensors");
  EXPECT_EQ(found(Shards::none), "m.safetensors");
}

TEST_F(CheckIsFree, FindsADanglingLink) {
  std::filesystem::create_symlink("nowhere", folder() / "m.safetensors");
  EXPECT_EQ(found(Shards::none), "m.safetensors");
}

TEST_F(CheckIsFree, FindsTheIndexOfShards) {
  make("m.safetensors.index.json");
  EXPECT_EQ(found(Shards::none), "");
  EXPECT_EQ(found(Shards::allowed), "m.safetensors.index.json");
}

TEST_F(CheckIsFree, FindsAShard) {
  make("m-00001-of-00007.safetensors");
  EXPECT_EQ(found(Shards::none), "");
  EXPECT_EQ(found(Shards::allowed), "m-00001-of-00007.safetensors");
}

TEST_F(CheckIsFree, IgnoresFilesThatOnlyLookLikeShards) {
  for (const char* name : {"m-1-of-2.safetensors", "m-00001-of-00002.npz", "m-.safetensors",
                           "n-00001-of-00002.safetensors", "m-00001-of-00002x.safetensors"}) {
    make(name);
  }
  EXPECT_EQ(found(Shards::allowed), "");
}

}  // namespace
}  // namespace lancekeep::cli
