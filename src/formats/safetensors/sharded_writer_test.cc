// SPDX-License-Identifier: Apache-2.0
#include <lancekeep/formats.h>

#include "formats/export/formats_testing.h"
#include "formats/safetensors/safetensors_reader.h"
#include "formats/safetensors/safetensors_testing.h"
#include "formats/safetensors/sharded_reader.h"
#include "io/testing/error_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kFirst = "m-00001-of-00002.safetensors";
constexpr const char* kSecond = "m-00002-of-00002.safetensors";
constexpr const char* kIndex = "m.safetensors.index.json";

class ShardedWriter : public formats::WriterTest {
 protected:
  ExportReport write(std::uint64_t most, const Metadata& metadata = {}) {
    return write_sharded_safetensors(folder_.path() / "m.safetensors", source_, most, metadata);
  }
  std::unique_ptr<TensorSource> written() {
    const auto open = [](const io::InputFile& file, io::MemoryBudget& budget) {
      return formats::open_safetensors(file, budget);
    };
    return formats::open_shards(io::InputFile(folder_.path() / kIndex), folder_.path(), open);
  }
  std::vector<std::string> tensors_of(const std::string& name) {
    return formats::tensor_names(*formats::open_safetensors(io::InputFile(path(name))));
  }
};

TEST_F(ShardedWriter, TensorsThatFitAreOneFile) {
  add("a", 3);
  add("b", 2);
  const ExportReport report = write(5);
  EXPECT_THAT(file_names(), ElementsAre("m.safetensors"));
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / "m.safetensors"));
  EXPECT_EQ(report.bytes_written, folder_.read("m.safetensors").size());
  EXPECT_EQ(report.tensors, 2u);
  EXPECT_THAT(report.notes, IsEmpty());
}

TEST_F(ShardedWriter, NoTensorsAreOneFile) {
  (void)write(1);
  EXPECT_THAT(file_names(), ElementsAre("m.safetensors"));
}

TEST_F(ShardedWriter, TensorsThatDoNotFitAreShardsAndAnIndex) {
  add("z", 3);
  add("a", 3);
  add("m", 2);
  const ExportReport report = write(5, {{"k", "v"}});
  EXPECT_THAT(file_names(), ElementsAre(kFirst, kSecond, kIndex));
  EXPECT_THAT(report.files, ElementsAre(folder_.path() / kFirst, folder_.path() / kSecond,
                                        folder_.path() / kIndex));
  std::size_t bytes = 0;
  for (const auto& file : report.files) bytes += folder_.read(file.filename()).size();
  EXPECT_EQ(report.bytes_written, bytes);
  EXPECT_EQ(report.tensors, 3u);
  EXPECT_THAT(folder_.read(kIndex), HasSubstr("\"total_size\": 8"));
  EXPECT_THAT(tensors_of(kFirst), ElementsAre("z"));
  EXPECT_THAT(tensors_of(kSecond), ElementsAre("a", "m"));
}

TEST_F(ShardedWriter, IsReadBackInModelOrder) {
  for (const char* name : {"z", "y", "b", "a", "x"}) add(name, 4);
  (void)write(9, {{"k", "v"}});
  const auto source = written();
  ASSERT_EQ(source->tensors().size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(source->tensors()[i].name, source_.specs[i].name);
    EXPECT_EQ(bytes_of(*source, i), source_.content[i]);
  }
  EXPECT_EQ(source->metadata(), (Metadata{{"format", "pt"}, {"k", "v"}}));
  EXPECT_THAT(source->notes(), IsEmpty());
}

TEST_F(ShardedWriter, ATiedTensorIsInOneShard) {
  add("a", 2);
  add("b", 2);
  source_.add("c", "uint8", {2}, "aa", 0);
  const ExportReport report = write(2);
  EXPECT_EQ(report.tensors, 2u);
  EXPECT_THAT(report.notes, ElementsAre(testing::HasSubstr("`c` is `a`")));
  EXPECT_EQ(written()->metadata(), (Metadata{{"c", "a"}, {"format", "pt"}}));
}

TEST_F(ShardedWriter, ALargerTensorHasAFileOfItsOwn) {
  add("a", 1);
  add("b", 9);
  add("c", 1);
  add("d", 1);
  EXPECT_EQ(write(2).files.size(), 4u);
  EXPECT_THAT(tensors_of("m-00002-of-00003.safetensors"), ElementsAre("b"));
  EXPECT_THAT(tensors_of("m-00003-of-00003.safetensors"), ElementsAre("c", "d"));
}

TEST_F(ShardedWriter, AnIndexReplacesAnOlderSingleFile) {
  folder_.write("m.safetensors", "old");
  add("a", 1);
  add("b", 1);
  (void)write(1);
  EXPECT_THAT(file_names(), ElementsAre(kFirst, kSecond, kIndex));
}

TEST_F(ShardedWriter, ASingleFileReplacesAnOlderIndex) {
  folder_.write(kIndex, "old");
  add("a", 1);
  (void)write(1);
  EXPECT_THAT(file_names(), ElementsAre("m.safetensors"));
}

TEST_F(ShardedWriter, OlderShardsAreKeptAndNoted) {
  folder_.write(kFirst, "old");
  for (const char* name :
       {"m-00001-of-00003.safetensors", "m-00003-of-00003.safetensors", "m-1-of-3.safetensors",
        "m-00001-of-00003.bin", "n-00001-of-00003.safetensors", "m-0000x-of-00003.safetensors"}) {
    folder_.write(name, "other");
  }
  add("a", 1);
  add("b", 1);
  EXPECT_THAT(write(1).notes,
              ElementsAre("`m-00001-of-00003.safetensors` and 1 more of an older model are kept; "
                          "no index refers to them any longer"));
  EXPECT_EQ(folder_.read("m-00001-of-00003.safetensors"), "other");
  EXPECT_THAT(tensors_of(kFirst), ElementsAre("a"));
}

TEST_F(ShardedWriter, AFailureLeavesAllFilesUnchanged) {
  folder_.write(kFirst, "old");
  folder_.write(kIndex, "index");
  add("a", 1);
  add("b", 2);
  source_.content[1] = "b";
  EXPECT_THAT([&] { (void)write(1); },
              fails_with(ErrorCode::invalid_argument,
                         "m-00002-of-00002.safetensors: the source yielded 1 of the 2 bytes"));
  EXPECT_THAT(file_names(), ElementsAre(kFirst, kIndex));
  EXPECT_EQ(folder_.read(kFirst) + folder_.read(kIndex), "oldindex");
}

TEST_F(ShardedWriter, MissingDtypesAreRejectedFirst) {
  source_.add("a", "int4", {1}, "x");
  EXPECT_THAT([&] { (void)write(1); }, fails_with(ErrorCode::unsupported, "`a` (int4 [1])"));
  EXPECT_THAT(file_names(), IsEmpty());
}

TEST_F(ShardedWriter, ASizeOfZeroIsRejected) {
  EXPECT_THAT([&] { (void)write(0); },
              fails_with(ErrorCode::invalid_argument, "max_shard_bytes must be at least 1"));
}

TEST_F(ShardedWriter, AMissingFolderIsRejected) {
  EXPECT_THAT(
      [&] {
        (void)write_sharded_safetensors(folder_.path() / "none/m.safetensors", source_, 1, {});
      },
      fails_with(ErrorCode::not_found, "cannot open the folder"));
}

}  // namespace
}  // namespace lancekeep
