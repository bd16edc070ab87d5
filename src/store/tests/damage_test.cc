// SPDX-License-Identifier: Apache-2.0
// Damaged stores: each kind of damage gives its error, and nothing else is affected.
#include "io/testing/error_matcher.h"
#include "lance/table/manifest_file.h"
#include "store/testing/test_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

namespace fs = std::filesystem;

class Damage : public testing::Test {
 protected:
  Damage() : path_(folder_ / "m.lance") {
    MemorySource source = small_model();
    Store::create(path_).save(source);
  }

  fs::path only_file_in(const std::string& name) const {
    return fs::directory_iterator(path_ / name)->path();
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const fs::path& file, const std::string& content) {
    fs::remove(file);
    std::ofstream(file, std::ios::binary) << content;
  }
  // Replaces the last occurrence of `from` in the file with `to`, which must have the same length.
  static void replace(const fs::path& file, const std::string& from, const std::string& to) {
    std::string content = read(file);
    const auto at = content.rfind(from);
    ASSERT_NE(at, std::string::npos);
    write(file, content.replace(at, from.size(), to));
  }
  std::string refusal(ErrorCode code) const {
    try {
      (void)Store::open(path_).at();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return e.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }

  const TemporaryFolder folder_;
  const fs::path path_;
};

TEST_F(Damage, ADataFileCutShort) {
  const fs::path file = only_file_in("data");
  const auto size = fs::file_size(file);
  fs::resize_file(file, size - 1);
  EXPECT_THAT(refusal(ErrorCode::corrupt),
              AllOf(HasSubstr(file.filename().string()), HasSubstr(std::to_string(size))));
}

TEST_F(Damage, ADataFileWithoutItsMagic) {
  replace(only_file_in("data"), "LANC", "LANX");
  EXPECT_THAT(refusal(ErrorCode::corrupt), HasSubstr("LANC"));
}

TEST_F(Damage, ADataFileThatIsGone) {
  const fs::path file = only_file_in("data");
  fs::remove(file);
  EXPECT_THAT(refusal(ErrorCode::not_found), HasSubstr(file.filename().string()));
}

TEST_F(Damage, AManifestWithoutItsMagic) {
  replace(only_file_in("_versions"), "LANC", "LANX");
  EXPECT_THAT(refusal(ErrorCode::corrupt), HasSubstr("LANC"));
}

TEST_F(Damage, AManifestCutShortAtEveryLength) {
  const fs::path file = only_file_in("_versions");
  const std::string content = read(file);
  for (std::size_t length = 0; length < content.size(); ++length) {
    write(file, content.substr(0, length));
    EXPECT_THROW((void)Store::open(path_).at(), Error) << length;
  }
}

TEST_F(Damage, ATensorTableThatIsNotTheSavedOne) {
  replace(only_file_in("data"), "conv.weightembedding", "konv.weightembedding");
  EXPECT_THAT(refusal(ErrorCode::corrupt), HasSubstr("the tensor table of version 1 is damaged"));
}

TEST_F(Damage, ADataFilePathThatLeavesTheStore) {
  const std::string name = only_file_in("data").filename().string();
  std::string outside = "../../";
  outside += std::string(name.size() - outside.size(), 'x');
  const fs::path manifest = only_file_in("_versions");
  std::string content = read(manifest);
  for (auto at = content.find(name); at != std::string::npos; at = content.find(name)) {
    content.replace(at, name.size(), outside);
  }
  write(manifest, content);
  EXPECT_THAT(refusal(ErrorCode::unsafe), HasSubstr(".."));
}

TEST_F(Damage, EveryFlippedByteOfASmallStoreIsFoundOrHarmless) {
  // Only verify checks values, against their hashes. Damage to anything else must be noticed here.
  const MemorySource source = small_model();
  for (const char* name : {"_versions", "data"}) {
    const fs::path file = only_file_in(name);
    const std::string content = read(file);
    for (std::size_t at = 0; at < content.size(); ++at) {
      std::string changed = content;
      changed[at] = static_cast<char>(changed[at] ^ 0x10);
      write(file, changed);
      try {
        const Version version = Store::open(path_).at();
        for (const TensorInfo& info : version.tensors()) (void)version.tensor(info.name);
        EXPECT_EQ(version.tensors().size(), source.tensors().size());
      } catch (const Error&) {
        continue;
      }
    }
    write(file, content);
  }
  EXPECT_EQ(Store::open(path_).at().tensors().size(), source.tensors().size());
}

TEST_F(Damage, AFlippedBitInAValueIsNotCopied) {
  const fs::path file = only_file_in("data");
  std::string content = read(file);
  content[Store::open(path_).at().locate("head.weight").offset + 3] ^= 1;
  write(file, content);
  const Version version = Store::open(path_).at();
  Store other = Store::create(folder_ / "other.lance");
  const auto source = version.source();
  EXPECT_THAT([&] { other.save(*source); },
              io::fails_with(ErrorCode::corrupt, "the value of tensor `head.weight` is damaged"));
  EXPECT_TRUE(other.versions().empty());
}

TEST_F(Damage, ADamagedVersionLeavesTheOthersReadable) {
  MemorySource source = small_model(2);
  Store store = Store::open(path_);
  store.save(source);
  store.save(source);
  const fs::path second = path_ / "_versions/18446744073709551613.manifest";
  write(second, "");
  EXPECT_EQ(store.at(3).tensors().size(), 5u);
  EXPECT_EQ(store.at(1).tensors().size(), 5u);
  EXPECT_THROW((void)store.at(2), Error);
  const auto versions = store.versions();
  ASSERT_EQ(versions.size(), 3u);
  EXPECT_EQ(versions[0].damage, "");
  EXPECT_THAT(versions[1].damage, HasSubstr("18446744073709551613.manifest"));
  EXPECT_EQ(versions[2].damage, "");
}

TEST_F(Damage, AFileInPlaceOfTheTagFolderLeavesVersionsReadable) {
  folder_.write("m.lance/_refs/tags", "a file");
  EXPECT_EQ(Store::open(path_).at().tensors().size(), 5u);
}

TEST_F(Damage, AManifestThatNamesADataFileTwice) {
  const fs::path path = only_file_in("_versions");
  const std::string content = read(path);
  lance::ManifestFile file = lance::decode_manifest_file(io::ByteView::of(content, "manifest"));
  file.manifest.fragments.push_back(file.manifest.fragments.front());
  file.manifest.fragments.back().id = 1;
  file.manifest.max_fragment_id = 1;
  write(path, lance::encode_manifest_file(file.manifest, *file.transaction));
  EXPECT_THAT(refusal(ErrorCode::corrupt), HasSubstr("names this data file twice"));
}

TEST_F(Damage, AnUnknownWriterFlagStopsASave) {
  const fs::path path = only_file_in("_versions");
  const std::string content = read(path);
  lance::ManifestFile file = lance::decode_manifest_file(io::ByteView::of(content, "manifest"));
  file.manifest.writer_flags = 1 << 20;
  write(path, lance::encode_manifest_file(file.manifest, *file.transaction));
  const auto before = snapshot(path_);
  MemorySource source = small_model();
  EXPECT_THAT([&] { Store::open(path_).save(source); },
              io::fails_with(ErrorCode::unsupported, "1048576"));
  EXPECT_EQ(snapshot(path_), before);
}

TEST_F(Damage, ASaveFailsOnceFragmentIdsAreUsedUp) {
  const fs::path path = only_file_in("_versions");
  const std::string content = read(path);
  lance::ManifestFile file = lance::decode_manifest_file(io::ByteView::of(content, "manifest"));
  file.manifest.max_fragment_id = 0xffffffff;
  write(path, lance::encode_manifest_file(file.manifest, *file.transaction));
  MemorySource source = small_model(2);
  EXPECT_THAT([&] { Store::open(path_).save(source); },
              io::fails_with(ErrorCode::unsupported, "fragment ids"));
}

TEST_F(Damage, ADatasetWithoutAModel) {
  // The same manifest with another name for the column that makes a row a tensor.
  const fs::path manifest = only_file_in("_versions");
  std::string content = read(manifest);
  for (auto at = content.find("dtype"); at != std::string::npos; at = content.find("dtype")) {
    content.replace(at, 5, "dtypo");
  }
  write(manifest, content);
  EXPECT_THAT(refusal(ErrorCode::invalid_argument),
              AllOf(HasSubstr("does not keep a model"), HasSubstr("dtypo: string")));
  MemorySource source = small_model();
  const auto before = snapshot(path_);
  EXPECT_THROW(Store::open(path_).save(source), Error);
  EXPECT_EQ(snapshot(path_), before);
}

}  // namespace
}  // namespace lancekeep::store
