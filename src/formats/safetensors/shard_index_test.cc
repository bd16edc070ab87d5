// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors/shard_index.h"

#include "formats/safetensors/safetensors_testing.h"
#include "io/testing/error_matcher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;
using testing::ElementsAre;

std::optional<ShardIndex> decode_index(const std::string& json, std::uint64_t limit = 1 << 20) {
  io::MemoryBudget budget(limit, "m.index.json");
  JsonStream stream(file_of(json, "m.index.json"), 0, json.size(), "the index", budget);
  return decode_shard_index(stream);
}
auto decoding_index(const std::string& json) {
  return [json] { (void)decode_index(json); };
}
// Returns an index that maps `w` to `file`, a JSON value.
std::string index_of(const std::string& file) { return R"({"weight_map":{"w":)" + file + "}}"; }
Metadata metadata_of(const std::string& json) {
  return decode_index(R"({"metadata":)" + json + R"(,"weight_map":{"w":"a"}})")->metadata;
}

TEST(ShardIndex, ReadsTensorsAndFilesByName) {
  const auto index = decode_index(R"({"weight_map":{"z":"2.st","a":"1.st","m":"2.st"}})");
  ASSERT_TRUE(index);
  EXPECT_THAT(index->shards, ElementsAre("1.st", "2.st"));
  ASSERT_EQ(index->tensors.size(), 3u);
  EXPECT_EQ(index->tensors[0].name, "a");
  EXPECT_EQ(index->tensors[0].shard, 0u);
  EXPECT_EQ(index->tensors[2].name, "z");
  EXPECT_EQ(index->tensors[2].shard, 1u);
}

TEST(ShardIndex, FilesMayBeInSubfolders) { EXPECT_TRUE(decode_index(index_of(R"("sub/..a/w")"))); }

TEST(ShardIndex, OtherJsonIsNotAnIndex) {
  EXPECT_FALSE(decode_index("{}"));
  EXPECT_FALSE(decode_index(R"({"metadata":{"a":"b"},"vocab":{"a":[1,{"weight_map":{}}]}})"));
  EXPECT_FALSE(decode_index(R"({"weight_map":null})"));
}

TEST(ShardIndex, UnknownMembersAreSkipped) {
  const auto index =
      decode_index(R"({"x":[{"w":"../a"},null],"weight_map":{"w":"a"},"y":"z","n":1.5})");
  EXPECT_EQ(index->tensors.size(), 1u);
  EXPECT_TRUE(index->metadata.empty());
}

TEST(ShardIndex, KeepsMetadataStrings) {
  EXPECT_EQ(metadata_of(R"({"format":"pt","e":""})"), (Metadata{{"format", "pt"}, {"e", ""}}));
  EXPECT_TRUE(metadata_of("null").empty());
}

TEST(ShardIndex, OtherMetadataIsKeptAsJson) {
  EXPECT_EQ(metadata_of(R"({"i":-3,"u":18446744073709551615,"f":1.50e3,"t":true,"n":null,
                            "l":[1,"a\"b",[],{"x":{},"y":[2, 3]}],"o":{"k":false}})"),
            (Metadata{{"i", "-3"},
                      {"u", "18446744073709551615"},
                      {"f", "1.50e3"},
                      {"t", "true"},
                      {"n", "null"},
                      {"l", R"([1,"a\"b",[],{"x":{},"y":[2,3]}])"},
                      {"o", R"({"k":false})"}}));
}

TEST(ShardIndex, TheTotalSizeIsNotMetadataOfTheModel) {
  EXPECT_EQ(metadata_of(R"({"total_size":12,"total_parameters":3})"),
            (Metadata{{"total_parameters", "3"}}));
  EXPECT_TRUE(metadata_of(R"({"total_size":{"a":[1]}})").empty());
}

TEST(ShardIndex, IsWrittenAsHuggingFaceDoes) {
  ShardIndex index;
  index.shards = {"m-1.st", "m-2.st"};
  index.tensors = {{"z", 0}, {"\xC3\xA4", 1}, {"a", 1}};
  EXPECT_EQ(encode_shard_index(index, 7), R"({
  "metadata": {
    "total_size": 7
  },
  "weight_map": {
    "a": "m-2.st",
    "z": "m-1.st",
    "\u00e4": "m-2.st"
  }
}
)");
}

TEST(ShardIndex, ARepeatedTensorIsRejected) {
  EXPECT_THAT(decoding_index(R"({"weight_map":{"w":"a","v":"a","w":"a"}})"),
              fails_with(ErrorCode::corrupt, "the index has the key `w` twice"));
}

TEST(ShardIndex, ARepeatedKeyIsRejected) {
  EXPECT_THAT(decoding_index(R"({"weight_map":{"w":"a"},"weight_map":{"w":"a"}})"),
              fails_with(ErrorCode::corrupt, "the index has the key `weight_map` twice"));
  EXPECT_THAT(decoding_index(R"({"metadata":{"a":"b","a":"b"}})"),
              fails_with(ErrorCode::corrupt, "the index has the key `a` twice"));
  EXPECT_THAT(decoding_index(R"({"metadata":{"a":[{"b":1,"b":1}]}})"),
              fails_with(ErrorCode::corrupt, "the index has the key `b` twice"));
}

TEST(ShardIndex, PathsThatLeaveTheFolderAreRejected) {
  for (const char* file : {R"("../a")", R"("/a")", R"("a/../../b")", R"("..")", R"(".")", R"("")",
                           R"("a/")", R"("a//b")", R"("./a")", R"("a\u0000b")"}) {
    EXPECT_THAT(decoding_index(index_of(file)),
                fails_with(ErrorCode::unsafe, "expected a file in the index's folder"))
        << file;
  }
}

TEST(ShardIndex, AFileThatIsNotAStringIsRejected) {
  for (const char* file : {"1", "null", "true", "1.5", "[]", "{}"}) {
    EXPECT_THAT(decoding_index(index_of(file)),
                fails_with(ErrorCode::corrupt, "the file of tensor `w` of the index cannot be"))
        << file;
  }
}

TEST(ShardIndex, AMapOrMetadataThatIsNotAnObjectIsRejected) {
  EXPECT_THAT(decoding_index(R"({"weight_map":[]})"),
              fails_with(ErrorCode::corrupt, "key `weight_map` of the index cannot be an array"));
  EXPECT_THAT(decoding_index(R"({"weight_map":"a"})"),
              fails_with(ErrorCode::corrupt, "key `weight_map` of the index cannot be \"a\""));
  EXPECT_THAT(decoding_index(R"({"metadata":3})"),
              fails_with(ErrorCode::corrupt, "key `metadata` of the index cannot be 3"));
}

TEST(ShardIndex, DeepNestingIsRejected) {
  EXPECT_THAT(decoding_index(R"({"x":)" + std::string(1'000'000, '[')),
              fails_with(ErrorCode::unsupported, "the index is nested more than 64 levels deep"));
}

TEST(ShardIndex, EveryPrefixIsRejected) {
  const std::string whole = R"({"metadata":{"a":[1,{"b":null}]},"weight_map":{"w":"a"}})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT(decoding_index(whole.substr(0, length)),
                fails_with(ErrorCode::corrupt, "the index"));
  }
}

TEST(ShardIndex, TensorsBeyondTheBudgetAreRejected) {
  std::string map;
  for (int i = 0; i < 20'000; ++i) map += (i ? ",\"" : "\"") + std::to_string(i) + R"(":"a")";
  EXPECT_THAT(decoding_index(R"({"weight_map":{)" + map + "}}"),
              fails_with(ErrorCode::unsupported, "the index's tensors would take more than"));
}

TEST(ShardIndex, FilesBeyondTheBudgetAreRejected) {
  std::string map;
  const std::string name(2000, 'f');
  for (int i = 0; i < 1000; ++i) map += fmt::format(R"({}"{}":"{}{}")", i ? "," : "", i, name, i);
  EXPECT_THAT(decoding_index(R"({"weight_map":{)" + map + "}}"),
              fails_with(ErrorCode::unsupported, "the index's file names would take more than"));
}

TEST(ShardIndex, MetadataBeyondTheBudgetIsRejected) {
  std::string list = "1";
  for (int i = 0; i < 200'000; ++i) list += ",1";
  EXPECT_THAT(decoding_index(R"({"metadata":{"a":[)" + list + "]}}"),
              fails_with(ErrorCode::unsupported, "the index's metadata would take more than"));
}

}  // namespace
}  // namespace lancekeep::formats
