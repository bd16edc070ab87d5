// SPDX-License-Identifier: Apache-2.0
#include "formats/torch/file.h"
#include "formats/torch/torch_testing.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

namespace lancekeep::formats {
namespace {

using io::fails_with;

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

TEST_F(TorchLegacy, EveryPrefixIsRefused) {
  const std::string whole = parts_.text();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THAT([&] { (void)open(whole.substr(0, length)); }, fails_with(ErrorCode::corrupt, ""))
        << length;
  }
}

TEST_F(TorchLegacy, ABarePickleIsRefused) {
  parts_.magic = whole_pickle("}");
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsupported, "a pickle of a dict, but not a file"));
}

TEST_F(TorchLegacy, AnotherProtocolVersionIsRefused) {
  parts_.version = whole_pickle("M\xea\x03");
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsupported, "protocol version is 1002, not 1001"));
}

TEST_F(TorchLegacy, ABigEndianMachineIsRefused) {
  parts_.machine = whole_pickle(pickled_dict({{"little_endian", "\x89"}}));
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsupported, "little-endian machine"));
}

TEST_F(TorchLegacy, AMachineThatIsNoDictIsRefused) {
  parts_.machine = whole_pickle("N");
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "is no dict"));
}

TEST_F(TorchLegacy, KeysThatAreNoListAreRefused) {
  parts_.keys = whole_pickle("N");
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "storage keys is None"));
}

TEST_F(TorchLegacy, AKeyThatNoTensorNamesIsRefused) {
  parts_.keys = whole_pickle("](" + pickled("7") + "e");
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "has `7`, which no tensor names"));
}

TEST_F(TorchLegacy, AKeyTwiceIsRefused) {
  parts_.keys = whole_pickle("](" + pickled("0") + pickled("0") + "e");
  parts_.storages += parts_.storages;
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "has `0` twice"));
}

TEST_F(TorchLegacy, AnotherElementCountIsRefused) {
  parts_.storages[0] = 7;
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "has 7 elements, but the pickle says 6"));
}

TEST_F(TorchLegacy, AStorageBeyondTheEndIsRefused) {
  parts_.storages.pop_back();
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "24 bytes, but the file ends after 23"));
}

TEST_F(TorchLegacy, BytesBehindTheLastStorageAreRefused) {
  parts_.storages += "x";
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsupported, "1 bytes follow the last storage"));
}

TEST_F(TorchLegacy, OneStorageWithTwoSizesIsRefused) {
  PickledTensor other = legacy_tensor();
  other.elements = 7;
  parts_.object = whole_pickle(pickled_dict({{"w", legacy_tensor().text()}, {"v", other.text()}}));
  EXPECT_THAT(opening(), fails_with(ErrorCode::corrupt, "28 bytes here and 24 elsewhere"));
}

TEST_F(TorchLegacy, APickleThatRunsCodeIsRefused) {
  parts_.object = whole_pickle(pickled_global("posix", "system"));
  EXPECT_THAT(opening(), fails_with(ErrorCode::unsafe, "`posix.system`"));
}

}  // namespace
}  // namespace lancekeep::formats
