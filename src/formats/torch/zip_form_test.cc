// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/file.h"
#include "formats/torch/torch_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

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

TEST_F(TorchZip, BigEndianStoragesAreRefused) {
  ZipContent content = minimal_;
  content[1].second = "big";
  EXPECT_THAT(opening(content), fails_with(ErrorCode::unsupported, "byte order `big`"));
}

TEST_F(TorchZip, AnArchiveWithoutPickleIsRefused) {
  EXPECT_THAT(opening({{"m/readme", "x"}}),
              fails_with(ErrorCode::unsupported, "no <name>/data.pkl"));
}

TEST_F(TorchZip, TwoPicklesAreRefused) {
  ZipContent content = minimal_;
  content.emplace_back("other/data.pkl", whole_pickle("}"));
  EXPECT_THAT(opening(content),
              fails_with(ErrorCode::corrupt, "both m/data.pkl and other/data.pkl"));
}

TEST_F(TorchZip, ATorchScriptArchiveIsNamed) {
  ZipContent content = minimal_;
  content.emplace_back("m/constants.pkl", whole_pickle(")"));
  EXPECT_THAT(opening(content), fails_with(ErrorCode::unsupported, "torch.jit.load"));
}

TEST_F(TorchZip, ACompressedStorageIsRefused) {
  std::string zip = zip_of(torch_zip_content("}", {{"0", "1234"}}));
  const std::size_t central = zip.rfind(kZipCentral, zip.rfind("m/data/0"));
  const std::size_t local = zip.rfind(kZipLocal, zip.find("m/data/0"));
  zip[central + 10] = zip[local + 8] = 8;
  EXPECT_THAT([&] { (void)open_bytes(zip); },
              fails_with(ErrorCode::unsupported, "`m/data/0` is compressed"));
}

TEST_F(TorchZip, APickleThatGoesOnIsRefused) {
  ZipContent content = minimal_;
  content[0].second += "N";
  EXPECT_THAT(opening(content), fails_with(ErrorCode::corrupt, "goes on after its STOP"));
}

TEST_F(TorchZip, APickleThatRunsCodeIsRefused) {
  EXPECT_THAT(
      opening(torch_zip_content(pickled_global("os", "system") + pickled("id") + "\x85R", {})),
      fails_with(ErrorCode::unsafe, "`os.system`, which is not on the list"));
}

TEST_F(TorchZip, AnErrorInThePickleNamesTheOffsetInTheFile) {
  const std::string zip = zip_of(torch_zip_content(pickled_global("os", "system"), {}));
  try {
    (void)open_bytes(zip);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.offset(), zip.find("cos\nsystem"));
  }
}

}  // namespace
}  // namespace lancekeep::formats
