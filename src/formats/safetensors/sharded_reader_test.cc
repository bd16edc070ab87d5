// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/sharded_reader.h"

#include "formats/export/formats_testing.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_testing.h"
#include "formats/safetensors/shard_index.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Shards : public testing::Test {
 protected:
  // Makes a file of tensors of one byte, which is the first letter of their name.
  void shard(const std::string& file, const std::vector<std::string>& names,
             const std::string& metadata = "") {
    std::string header = metadata.empty() ? "" : R"("__metadata__":)" + metadata + ",";
    std::string data;
    for (const std::string& name : names) {
      header += (data.empty() ? "" : ",") +
                safetensors_entry(name, "U8", "[1]", data.size(), data.size() + 1);
      data += name[0];
    }
    folder_.write(file, safetensors_of("{" + header + "}", data));
  }
  std::unique_ptr<TensorSource> open(const std::string& map, const std::string& metadata = "{}") {
    const auto path =
        folder_.write("index", R"({"metadata":)" + metadata + R"(,"weight_map":{)" + map + "}}");
    return open_shards(io::InputFile(path), folder_.path(), open_);
  }
  auto opening(const std::string& map) {
    return [this, map] { (void)open(map); };
  }

  io::TemporaryFolder folder_;
  OpenShard open_ = [](const io::InputFile& file, io::MemoryBudget& budget) {
    return open_safetensors(file, budget);
  };
};

TEST_F(Shards, TensorsAreOrderedByFileThenAsInTheFile) {
  shard("2", {"z", "b"});
  shard("1", {"y", "a"});
  const auto source = open(R"("a":"1","b":"2","y":"1","z":"2")");
  EXPECT_THAT(tensor_names(*source), ElementsAre("y", "a", "z", "b"));
  std::string bytes;
  for (const std::size_t i : {3u, 0u, 2u, 1u, 1u}) bytes += bytes_of(*source, i);
  EXPECT_EQ(bytes, "byzaa");
}

TEST_F(Shards, FilesMayBeInSubfoldersAndBehindLinks) {
  io::TemporaryFolder blobs;
  shard("sub/1", {"a"});
  shard("2", {"b"});
  std::filesystem::rename(folder_.path() / "2", blobs.path() / "blob");
  std::filesystem::create_symlink(blobs.path() / "blob", folder_.path() / "2");
  EXPECT_THAT(tensor_names(*open(R"("a":"sub/1","b":"2")")), ElementsAre("b", "a"));
}

TEST_F(Shards, OneFileAtATimeIsOpen) {
  std::string map;
  for (int i = 0; i < 200; ++i) {
    shard(std::to_string(i), {"t" + std::to_string(i)});
    map += fmt::format(R"({}"t{}":"{}")", i ? "," : "", i, i);
  }
  const auto source = open(map);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(bytes_of(*source, i), "t");
  EXPECT_LT(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}), 100);
}

TEST_F(Shards, TiesStayWithinTheirFile) {
  folder_.write("1", "");
  folder_.write("2", "");
  open_ = [](const io::InputFile& file, io::MemoryBudget&) {
    auto source = std::make_unique<MemorySource>();
    const std::string last = file.name().ends_with("1") ? "1" : "2";
    source->add("a" + last, "uint8", {1}, "x");
    source->add("b" + last, "uint8", {1}, "x", 0);
    source->remarks = {"a remark"};
    return source;
  };
  const auto source = open(R"("a1":"1","b1":"1","a2":"2","b2":"2")");
  EXPECT_EQ(source->tensors()[1].tied_to, 0u);
  EXPECT_EQ(source->tensors()[3].tied_to, 2u);
  EXPECT_THAT(source->notes(), ElementsAre("`1`: a remark", "`2`: a remark"));
}

TEST_F(Shards, MetadataOfIndexAndFilesIsMerged) {
  shard("1", {"a"}, R"({"format":"pt","one":"1"})");
  shard("2", {"b"}, R"({"format":"pt","two":"2"})");
  const auto source = open(R"("a":"1","b":"2")", R"({"total_size":2,"zero":0})");
  EXPECT_EQ(source->metadata(),
            (Metadata{{"format", "pt"}, {"one", "1"}, {"two", "2"}, {"zero", "0"}}));
  EXPECT_THAT(source->notes(), IsEmpty());
}

TEST_F(Shards, DifferingMetadataIsNotedOnce) {
  shard("1", {"a"}, R"({"k":"1"})");
  shard("2", {"b"}, R"({"k":"2"})");
  shard("3", {"c"}, R"({"k":"3"})");
  const auto source = open(R"("a":"1","b":"2","c":"3")");
  EXPECT_EQ(source->metadata(), (Metadata{{"k", "1"}}));
  EXPECT_THAT(source->notes(), ElementsAre(HasSubstr("metadata `k`: `2` has a different value")));
}

TEST_F(Shards, JsonWithoutAMapIsNotAnIndex) {
  const auto path = folder_.write("index", "{}");
  EXPECT_EQ(open_shards(io::InputFile(path), folder_.path(), open_), nullptr);
}

TEST_F(Shards, AnIndexWithoutTensorsIsRejected) {
  EXPECT_THAT(opening(""), fails_with(ErrorCode::corrupt, "lists no tensors"));
}

TEST_F(Shards, MissingFilesAreListed) {
  shard("2", {"b"});
  EXPECT_THAT(opening(R"("a":"1","b":"2","c":"3")"),
              fails_with(ErrorCode::not_found, "of the index are missing: `1`, `3`; was the"));
}

TEST_F(Shards, OnlyTheFirstOfManyAreListed) {
  std::string map;
  for (int i = 10; i < 23; ++i) map += fmt::format(R"({}"t{}":"{}")", i > 10 ? "," : "", i, i);
  EXPECT_THAT(opening(map), fails_with(ErrorCode::not_found, "`18`, `19` and 3 more; was"));
}

TEST_F(Shards, ATensorThatItsFileLacksIsRejected) {
  shard("1", {"a"});
  EXPECT_THAT(opening(R"("a":"1","b":"1","c":"1")"),
              fails_with(ErrorCode::corrupt,
                         "index: the index lists tensors that their files do not have: `b` in `1`, "
                         "`c` in `1`"));
}

TEST_F(Shards, ATensorThatTheIndexLacksIsLeftOutWithANote) {
  shard("1", {"x", "a", "b"});
  const auto source = open(R"("a":"1","b":"1")");
  EXPECT_THAT(tensor_names(*source), ElementsAre("a", "b"));
  EXPECT_EQ(bytes_of(*source, 1), "b");
  EXPECT_THAT(source->notes(), ElementsAre("1 tensor of the files is left out, because the index "
                                           "does not list it: `x` in `1`"));
}

TEST_F(Shards, FilesWithoutAnIndexAreOneModel) {
  shard("2", {"b"});
  shard("1", {"a"});
  const auto source = open_shards_without_index(folder_.path(), {"1", "2"}, open_);
  EXPECT_THAT(tensor_names(*source), ElementsAre("a", "b"));
  EXPECT_EQ(bytes_of(*source, 1), "b");
}

TEST_F(Shards, FilesOfOneTensorAreNotOneModel) {
  shard("1", {"a"});
  shard("2", {"a"});
  EXPECT_THAT([&] { (void)open_shards_without_index(folder_.path(), {"1", "2"}, open_); },
              fails_with(ErrorCode::corrupt, "tensor `a` is in `1` and in `2`, but"));
}

TEST_F(Shards, ATensorInAnotherFileIsRejected) {
  shard("1", {"a", "b"});
  shard("2", {"c"});
  EXPECT_THAT(opening(R"("a":"1","b":"2","c":"2")"),
              fails_with(ErrorCode::corrupt, "their files do not have: `b` in `2`"));
}

TEST_F(Shards, ATensorInTwoFilesIsRejected) {
  shard("1", {"a", "b"});
  shard("2", {"b"});
  EXPECT_THAT(opening(R"("a":"1","b":"2")"),
              fails_with(ErrorCode::corrupt,
                         "files have tensors that the index puts into another file: `b` in `1`"));
}

TEST_F(Shards, AnInvalidFileIsRejectedByName) {
  folder_.write("1", "1234567");
  EXPECT_THAT(opening(R"("a":"1")"), fails_with(ErrorCode::corrupt, "/1: a safetensors file has"));
}

TEST_F(Shards, AFolderInsteadOfAFileIsRejected) {
  std::filesystem::create_directory(folder_.path() / "1");
  EXPECT_THAT(opening(R"("a":"1")"), fails_with(ErrorCode::io, "/1"));
}

TEST_F(Shards, NestedValuesAreRejected) {
  folder_.write("1", "");
  open_ = [](const io::InputFile&, io::MemoryBudget&) {
    auto source = std::make_unique<MemorySource>();
    source->add("__tree__", "tree", {}, "{}");
    return source;
  };
  EXPECT_THAT(opening(R"("__tree__":"1")"),
              fails_with(ErrorCode::unsupported,
                         "1: expected a flat state dict in a file of a sharded model"));
}

TEST_F(Shards, AFileThatChangesWhileReadIsRejected) {
  shard("1", {"a", "b"});
  const auto source = open(R"("a":"1","b":"1")");
  shard("1", {"a", "c"});
  EXPECT_EQ(bytes_of(*source, 0), "a");
  EXPECT_THAT([&] { (void)bytes_of(*source, 1); },
              fails_with(ErrorCode::corrupt, "tensor `b` is no longer there"));
}

TEST_F(Shards, AllFilesShareOneBudget) {
  // Each file alone is within the budget.
  for (const char* file : {"1", "2"}) {
    shard(file, {file},
          R"({")" + std::string(file) + R"(":")" + std::string(3'900'000, 'x') + "\"}");
  }
  EXPECT_EQ(open(R"("1":"1")")->tensors().size(), 1u);
  EXPECT_THAT(opening(R"("1":"1","2":"2")"),
              fails_with(ErrorCode::unsupported, "would take more than"));
}

TEST_F(Shards, AnIndexBeyondTheLimitIsRejected) {
  const auto path = folder_.write("index", "{}");
  std::filesystem::resize_file(path, kLongestShardIndex + 1);
  EXPECT_THAT([&] { (void)open_shards(io::InputFile(path), folder_.path(), open_); },
              fails_with(ErrorCode::unsupported, "JSON text of 33554433 bytes"));
}

}  // namespace
}  // namespace lancekeep::formats
