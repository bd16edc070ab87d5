// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/torch_file.h"

#include "formats/torch/torch_reader.h"
#include "formats/torch/torch_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace lancekeep::formats {
namespace {

using io::fails_with;

class TorchZip : public testing::Test {
 protected:
  TorchFile open(const ZipContent& content) { return open_bytes(zip_of(content)); }
  TorchFile open_bytes(const std::string& zip) {
    opener_.emplace(folder_.write("m.pth", zip));
    return opener_->zip();
  }
  auto opening(const ZipContent& content) {
    return [this, content] { (void)open(content); };
  }

  io::TemporaryFolder folder_;
  std::optional<TorchFileOpener> opener_;
  const ZipContent minimal_ = torch_zip_content("}", {{"0", "1234"}});
};

TEST_F(TorchZip, HasThePickleAndTheStorages) {
  const TorchFile torch = open(minimal_);
  EXPECT_TRUE(torch.object.node(torch.object.root)->is_dict());
  ASSERT_EQ(torch.storages.size(), 1u);
  EXPECT_EQ(torch.storages[0].length, 4u);
  EXPECT_EQ(torch.file.read(torch.storages[0].offset, 4, "storage").text(), "1234");
}

TEST_F(TorchZip, FilesFromBeforeByteorderAreRead) {
  ZipContent content = minimal_;
  content.erase(content.begin() + 1);
  EXPECT_EQ(open(content).storages.size(), 1u);
}

TEST_F(TorchZip, BigEndianStoragesAreRejected) {
  ZipContent content = minimal_;
  content[1].second = "big";
  EXPECT_THAT(opening(content), fails_with(ErrorCode::unsupported, "byte order `big`"));
}

TEST_F(TorchZip, AnArchiveWithoutPickleIsRejected) {
  EXPECT_THAT(opening({{"m/readme", "x"}}),
              fails_with(ErrorCode::unsupported, "no <name>/data.pkl"));
}

TEST_F(TorchZip, TwoPicklesAreRejected) {
  ZipContent content = minimal_;
  content.emplace_back("other/data.pkl", whole_pickle("}"));
  EXPECT_THAT(opening(content),
              fails_with(ErrorCode::corrupt, "both m/data.pkl and other/data.pkl"));
}

TEST_F(TorchZip, ATorchScriptArchiveIsRejected) {
  ZipContent content = minimal_;
  content.emplace_back("m/constants.pkl", whole_pickle(")"));
  EXPECT_THAT(opening(content), fails_with(ErrorCode::unsupported, "torch.jit.load"));
}

TEST_F(TorchZip, ACompressedStorageIsRejected) {
  std::string zip = zip_of(torch_zip_content("}", {{"0", "1234"}}));
  const std::size_t central = zip.rfind(kZipCentral, zip.rfind("m/data/0"));
  const std::size_t local = zip.rfind(kZipLocal, zip.find("m/data/0"));
  zip[central + 10] = zip[local + 8] = 8;
  EXPECT_THAT([&] { (void)open_bytes(zip); },
              fails_with(ErrorCode::unsupported, "`m/data/0` is compressed"));
}

TEST_F(TorchZip, APickleThatContinuesAfterStopIsRejected) {
  ZipContent content = minimal_;
  content[0].second += "N";
  EXPECT_THAT(opening(content), fails_with(ErrorCode::corrupt, "continues after its STOP"));
}

TEST_F(TorchZip, APickleThatRunsCodeIsRejected) {
  const std::string ran = (folder_.path() / "ran").string();
  const std::string system = pickled_global("os", "system");
  const std::string command = pickled("touch " + ran);
  const auto calls = {
      system + command + "\x85R",           // REDUCE
      system + command + "\x85\x81",        // NEWOBJ
      system + command + "\x85}\x92",       // NEWOBJ_EX
      "(" + command + "ios\nsystem\n",      // INST
      "(" + system + command + "o",         // OBJ
      system + command + "\x85R0N",         // the result is not kept
      system,                               // nothing is called
      "]" + system + command + "\x85R}ba",  // in a list, with a state
  };
  for (const std::string& call : calls) {
    const ZipContent content = torch_zip_content(pickled_dict({{"a", call}}), {});
    EXPECT_THAT([&] { (void)open_torch_checkpoint(open(content)); },
                fails_with(ErrorCode::unsafe, "a checkpoint of data needs: `os.system`"))
        << call;
    EXPECT_NO_THROW((void)open_torch_checkpoint(open(content), true)) << call;
    EXPECT_FALSE(std::filesystem::exists(ran)) << call;
  }
}

TEST_F(TorchZip, AnErrorInThePickleNamesTheOffsetInTheFile) {
  const std::string zip = zip_of(torch_zip_content(pickled_global("os", "system"), {}));
  try {
    (void)open_torch_checkpoint(open_bytes(zip));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsafe);
    EXPECT_EQ(error.offset(), zip.find("cos\nsystem"));
  }
}

class TorchLegacy : public testing::Test {
 protected:
  TorchLegacy() { parts_.object = whole_pickle(pickled_dict({{"w", legacy_tensor().text()}})); }

  TorchFile open(const std::string& bytes) {
    opener_.emplace(folder_.write("m.pth", bytes));
    return opener_->legacy();
  }
  auto opening() {
    return [this] { (void)open(parts_.text()); };
  }

  io::TemporaryFolder folder_;
  std::optional<TorchFileOpener> opener_;
  LegacyParts parts_;
};

TEST_F(TorchLegacy, HasTheObjectAndTheStorages) {
  const TorchFile torch = open(parts_.text());
  EXPECT_TRUE(torch.object.node(torch.object.root)->is_dict());
  ASSERT_EQ(torch.storages.size(), 1u);
  EXPECT_EQ(torch.storages[0].length, 24u);
  EXPECT_EQ(torch.storages[0].offset, parts_.text().size() - 24);
}

TEST_F(TorchLegacy, APickleLargerThanTheReadersWindowIsRead) {
  parts_.object = whole_pickle(
      pickled_dict({{"text", pickled(std::string(600'000, 'n'))}, {"w", legacy_tensor().text()}}));
  EXPECT_EQ(open(parts_.text()).storages.size(), 1u);
}

TEST_F(TorchLegacy, EveryPrefixIsRejected) {
  const std::string whole = parts_.text();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT([&] { (void)open(whole.substr(0, length)); }, fails_with(ErrorCode::corrupt, ""))
        << length;
  }
}

TEST_F(TorchLegacy, ABarePickleIsRejected) {
  parts_.magic = whole_pickle("}");
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsupported, "a pickle of a dict, not a file"));
}

TEST_F(TorchLegacy, AnotherProtocolVersionIsRejected) {
  parts_.version = whole_pickle("M\xea\x03");
  EXPECT_THAT(opening(),
              fails_with(ErrorCode::unsupported, "protocol version is 1002, expected 1001"));
}

TEST_F(TorchLegacy, ABigEndianMachineIsRejected) {
  parts_.machine = whole_pickle(pickled_dict({{"little_endian", "\x89"}}));
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsupported, "little-endian machine"));
}

TEST_F(TorchLegacy, AMachineThatIsNotADictIsRejected) {
  parts_.machine = whole_pickle("N");
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "is not a dict"));
}

TEST_F(TorchLegacy, KeysThatAreNotAListAreRejected) {
  parts_.keys = whole_pickle("N");
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "storage keys is None"));
}

TEST_F(TorchLegacy, AKeyThatNoTensorUsesIsRejected) {
  parts_.keys = whole_pickle("](" + pickled("7") + "e");
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "has `7`, which no tensor uses"));
}

TEST_F(TorchLegacy, ARepeatedKeyIsRejected) {
  parts_.keys = whole_pickle("](" + pickled("0") + pickled("0") + "e");
  parts_.storages += parts_.storages;
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "has `0` twice"));
}

TEST_F(TorchLegacy, AnotherElementCountIsRejected) {
  parts_.storages[0] = 7;
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "has 7 elements, but the pickle says 6"));
}

TEST_F(TorchLegacy, AStorageBeyondTheEndIsRejected) {
  parts_.storages.pop_back();
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "24 bytes, but the file ends after 23"));
}

TEST_F(TorchLegacy, BytesAfterTheLastStorageAreRejected) {
  parts_.storages += "x";
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsupported, "1 bytes follow the last storage"));
}

TEST_F(TorchLegacy, OneStorageWithTwoSizesIsRejected) {
  PickledTensor other = legacy_tensor();
  other.elements = 7;
  parts_.object = whole_pickle(pickled_dict({{"w", legacy_tensor().text()}, {"v", other.text()}}));
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "28 bytes here and 24 elsewhere"));
}

TEST_F(TorchLegacy, APickleThatRunsCodeIsRejected) {
  parts_.object = whole_pickle(pickled_global("posix", "system"));
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsafe, "`posix.system`"));
}

}  // namespace

}  // namespace lancekeep::formats
