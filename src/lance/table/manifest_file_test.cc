// SPDX-License-Identifier: Apache-2.0
#include "lance/table/manifest_file.h"

#include "io/testing/forwarding_storage.h"
#include "lance/table/table_testing.h"

#include <map>
#include <random>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;

std::string good_file() { return encode_manifest_file(small_manifest(), small_transaction()); }

ManifestFile decode(const std::string& bytes) { return decode_manifest_file(view(bytes)); }

void expect_corrupt(const std::string& part, const std::string& bytes) {
  expect_error(ErrorCode::corrupt, part, [&] { (void)decode(bytes); });
}

std::uint64_t manifest_position(const std::string& bytes) {
  return static_cast<unsigned char>(bytes[bytes.size() - 16]);
}

std::string with_length(const std::string& message) {
  return std::string{static_cast<char>(message.size()), 0, 0, 0} + message;
}

std::string trailer(std::size_t position) {
  return std::string{static_cast<char>(position), 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0} + "LANC";
}

TEST(ManifestFile, RoundTrips) {
  const ManifestFile file = decode(good_file());
  Manifest expected = small_manifest();
  expected.transaction_section = 0;
  EXPECT_EQ(file.manifest, expected);
  EXPECT_EQ(file.transaction, small_transaction());
  EXPECT_EQ(file.size, good_file().size());
}

TEST(ManifestFile, RejectsAnEmptyFile) { expect_corrupt("the manifest file is empty", ""); }

TEST(ManifestFile, RejectsEveryTruncatedFile) {
  const std::string bytes = good_file();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW((void)decode(bytes.substr(0, size)), Error) << size;
  }
}

TEST(ManifestFile, RejectsAShortFile) { expect_corrupt("it has 3 bytes, expected 20", "abc"); }

TEST(ManifestFile, RejectsAWrongMagic) {
  std::string bytes = good_file();
  bytes.back() = 'X';
  expect_corrupt("does not end with \"LANC\"", bytes);
}

TEST(ManifestFile, RejectsAnotherFileVersion) {
  std::string bytes = good_file();
  bytes[bytes.size() - 6] = 3;
  expect_error(ErrorCode::unsupported, "has version 0.3, expected 0.1 or 0.2",
               [&] { (void)decode(bytes); });
}

TEST(ManifestFile, ReadsTheFileVersionOfPylanceBefore1) {
  std::string bytes = good_file();
  bytes[bytes.size() - 6] = 1;
  EXPECT_EQ(decode(bytes).manifest, decode(good_file()).manifest);
}

TEST(ManifestFile, RejectsAPositionBeyondTheEnd) {
  std::string bytes = good_file();
  bytes[bytes.size() - 9] = '\x7f';
  expect_corrupt("the manifest should start at byte", bytes);
}

TEST(ManifestFile, RejectsAManifestLongerThanTheFile) {
  std::string bytes = good_file();
  bytes[manifest_position(bytes) + 3] = '\x7f';
  expect_corrupt("the manifest needs", bytes);
}

TEST(ManifestFile, RejectsAManifestThatEndsBeforeTheTrailer) {
  std::string bytes = good_file();
  --bytes[manifest_position(bytes)];
  expect_corrupt("up to the trailer", bytes);
}

TEST(ManifestFile, RejectsVersionZero) {
  Manifest manifest = small_manifest();
  manifest.version = 0;
  expect_corrupt("says that it is version 0", encode_manifest_file(manifest, small_transaction()));
}

TEST(ManifestFile, RejectsAnUnknownReaderFlag) {
  Manifest manifest = small_manifest();
  manifest.reader_flags = 131072;
  const std::string bytes = encode_manifest_file(manifest, small_transaction());
  expect_error(ErrorCode::unsupported, "reader feature flag 131072 (bit 17)",
               [&] { (void)decode(bytes); });
}

TEST(ManifestFile, ReadsAFileWithoutInlineTransaction) {
  const std::string bytes = with_length(encode_manifest(small_manifest())) + trailer(0);
  EXPECT_EQ(decode(bytes).transaction, std::nullopt);
}

TEST(ManifestFile, RejectsAnInlineTransactionAfterTheManifest) {
  Manifest manifest = small_manifest();
  manifest.transaction_section = 40;
  expect_corrupt("the inline transaction should start at byte 40",
                 with_length(encode_manifest(manifest)) + trailer(0));
}

// A manifest as pylance 1 writes it: the section's position is in field 21.
std::string file_of_2025(const std::string& transaction_file) {
  Manifest manifest = small_manifest();
  manifest.transaction_file = transaction_file;
  std::string message = encode_manifest(manifest);
  protozero::pbf_writer(message).add_uint64(21, 0);
  Transaction transaction = small_transaction();
  transaction.operation_bytes.clear();
  const std::string section = with_length(encode_transaction(transaction));
  return section + with_length(message) + trailer(section.size());
}

TEST(ManifestFile, ReadsTheInlineTransactionOfPylance1) {
  const ManifestFile file = decode(file_of_2025("0-" + small_transaction().uuid + ".txn"));
  ASSERT_TRUE(file.transaction);
  EXPECT_EQ(file.transaction->properties, small_transaction().properties);
}

TEST(ManifestFile, IgnoresATransactionThatTheManifestDoesNotName) {
  EXPECT_EQ(decode(file_of_2025("0-another.txn")).transaction, std::nullopt);
}

TEST(ManifestFile, RandomChangesGiveAManifestOrAnError) {
  const std::string good = good_file();
  std::mt19937 random(2);
  int errors = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      (void)decode(bytes);
    } catch (const Error&) {
      ++errors;
    }
  }
  EXPECT_GT(errors, 500);
}

TEST(ManifestFile, IsNotWrittenIfTooLargeToBeRead) {
  Manifest manifest = small_manifest();
  manifest.config = {{"note", std::string(kMaxManifestSize, 'x')}};
  expect_error(ErrorCode::unsupported, "bytes, expected at most 268435456",
               [&] { (void)encode_manifest_file(std::move(manifest), small_transaction()); });
}

struct ReadManifest : TableTest {
  void put_version(std::uint64_t version, const std::string& bytes) const {
    put(manifest_path(version, NamingScheme::v2), bytes);
  }
  [[nodiscard]] ManifestFile read_last() const {
    return read_manifest(*storage, list_versions(*storage).entries.back());
  }
};

TEST_F(ReadManifest, ReadsTheInlineTransaction) {
  put_version(1, good_file());
  EXPECT_EQ(read_last().transaction, small_transaction());
}

TEST_F(ReadManifest, ReadsTheTransactionFileIfNoneIsInline) {
  Manifest manifest = small_manifest();
  manifest.transaction_file = "0-x.txn";
  put_version(1, with_length(encode_manifest(manifest)) + trailer(0));
  EXPECT_EQ(read_last().transaction, std::nullopt);
  put("_transactions/0-x.txn", encode_transaction(small_transaction()));
  EXPECT_EQ(read_last().transaction, small_transaction());
}

TEST_F(ReadManifest, SaysThatADamagedTransactionFileIsNotNeeded) {
  Manifest manifest = small_manifest();
  manifest.transaction_file = "0-x.txn";
  put_version(1, with_length(encode_manifest(manifest)) + trailer(0));
  put("_transactions/0-x.txn", "\x0a");
  expect_error(ErrorCode::corrupt, "without it, the version can be opened",
               [&] { (void)read_last(); });
}

TEST_F(ReadManifest, ADamagedOneSaysWhichVersionToOpen) {
  put_version(1, good_file());
  put_version(3, "");
  expect_error(ErrorCode::corrupt,
               "the manifest file is empty; version 3 is damaged; the version before it, 1, can be "
               "opened by "
               "its number",
               [&] { (void)read_last(); });
}

TEST_F(ReadManifest, ADamagedOldestOneSaysSo) {
  put_version(1, "torn");
  expect_error(ErrorCode::corrupt, "version 1 is damaged, and it is the oldest",
               [&] { (void)read_last(); });
}

TEST_F(ReadManifest, IsTornIfEmptyOrCutShortOrWithGaps) {
  const auto is_torn_as = [&](const std::string& content) {
    put_version(1, content);
    return is_torn(*storage, list_versions(*storage).entries.back());
  };
  Manifest manifest = small_manifest();
  manifest.config = {{"note", std::string(2000, 'x')}};
  const std::string good = encode_manifest_file(manifest, small_transaction());
  const auto with_gap = [&](std::size_t start, std::size_t size) {
    return std::string(good).replace(start, size, size, '\0');
  };
  EXPECT_FALSE(is_torn_as(good));
  EXPECT_TRUE(is_torn_as(""));
  EXPECT_TRUE(is_torn_as("LAN"));
  EXPECT_TRUE(is_torn_as(good.substr(0, 1024)));
  EXPECT_TRUE(is_torn_as(good.substr(0, good.size() - 1)));
  EXPECT_TRUE(is_torn_as(std::string(good.size(), '\0'))) << "a size without its content";
  EXPECT_TRUE(is_torn_as(with_gap(0, 512)));
  EXPECT_TRUE(is_torn_as(with_gap(good.size() / 512 * 512, good.size() % 512)));
  EXPECT_FALSE(is_torn_as(with_gap(0, 500))) << "other damage";
  EXPECT_FALSE(is_torn_as(good.substr(1))) << "damaged, but not cut short";
  manifest.config = {{"note", std::string(2000, '\0')}};
  EXPECT_FALSE(is_torn_as(encode_manifest_file(manifest, small_transaction())));
}

TEST_F(ReadManifest, RejectsAVersionThatDiffersFromTheName) {
  put_version(7, good_file());
  expect_error(ErrorCode::corrupt, "says that it is version 1, but its name says 7",
               [&] { (void)read_last(); });
}

TEST_F(ReadManifest, NamesTheFileAndTheOffset) {
  put_version(1, good_file().substr(4));
  try {
    (void)read_last();
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.file(), testing::EndsWith(manifest_path(1, NamingScheme::v2)));
    EXPECT_TRUE(error.offset());
  }
}

// Counts how often each file is read, by any function.
class CountingStorage : public io::ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;
  io::ByteView read(const std::string& path, std::uint64_t limit) const override {
    ++reads[path];
    return ForwardingStorage::read(path, limit);
  }
  io::InputFile open(const std::string& path) const override {
    ++reads[path];
    return ForwardingStorage::open(path);
  }
  io::ByteView map(const std::string& path, io::MapMode mode) const override {
    ++reads[path];
    return ForwardingStorage::map(path, mode);
  }

  mutable std::map<std::string, int> reads;
};

struct ReadNewest : ReadManifest {
  [[nodiscard]] Newest newest() const { return read_newest(*storage, list_versions(*storage)); }
  static std::string file_of_version(std::uint64_t version) {
    Manifest manifest = small_manifest();
    manifest.version = version;
    return encode_manifest_file(manifest, small_transaction());
  }
};

TEST_F(ReadNewest, IsUnsetWithoutVersions) { EXPECT_FALSE(newest().entry); }

TEST_F(ReadNewest, ReadsTheNewestManifestOnceAndNoOther) {
  for (const std::uint64_t version : {1, 2}) put_version(version, file_of_version(version));
  const CountingStorage counting(io::open_local_storage(folder));
  const VersionList list = list_versions(counting);
  const Newest newest = read_newest(counting, list);
  EXPECT_EQ(newest.entry->version, 2u);
  EXPECT_EQ(newest.file.manifest.version, 2u);
  EXPECT_EQ(newest.file.transaction, small_transaction());
  EXPECT_EQ(newest.warning, "");
  EXPECT_THAT(counting.reads, ElementsAre(testing::Pair(list.entries[1].path, 1)));
}

TEST_F(ReadNewest, SkipsTornManifestsAndReadsEachOnce) {
  put_version(1, file_of_version(1));
  put_version(2, "");
  put_version(3, file_of_version(3).substr(0, 50));
  const CountingStorage counting(io::open_local_storage(folder));
  const Newest newest = read_newest(counting, list_versions(counting));
  EXPECT_EQ(newest.entry->version, 1u);
  EXPECT_EQ(newest.file.manifest.version, 1u);
  EXPECT_EQ(newest.warning,
            "version 3, 2 skipped: its manifest is empty, cut short or has gaps, as after a power "
            "cut; the newest intact version is 1");
  EXPECT_EQ(counting.reads.size(), 3u);
  for (const auto& [path, reads] : counting.reads) EXPECT_EQ(reads, 1) << path;
}

TEST_F(ReadNewest, IsUnsetIfAllAreTorn) {
  put_version(1, "");
  put_version(2, "LAN");
  EXPECT_FALSE(newest().entry);
}

TEST_F(ReadNewest, DoesNotSkipOtherDamage) {
  put_version(1, file_of_version(1));
  put_version(2, file_of_version(2).substr(1));
  expect_error(ErrorCode::corrupt, "version 2 is damaged; the version before it, 1, can be opened",
               [&] { (void)newest(); });
}

TEST_F(ReadNewest, DoesNotSkipAVersionThatNeedsANewerBuild) {
  Manifest manifest = small_manifest();
  manifest.reader_flags = 131072;
  put_version(1, encode_manifest_file(manifest, small_transaction()));
  expect_error(ErrorCode::unsupported, "reader feature flag 131072", [&] { (void)newest(); });
}

}  // namespace
}  // namespace lancekeep::lance
