// SPDX-License-Identifier: Apache-2.0
#include "lance/table/deletion_file.h"

#include "lance/proto/proto_testing.h"
#include "lance/table/table_testing.h"

#include <numeric>
#include <random>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;
using Values = std::vector<std::uint32_t>;

constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 32;

std::string u16s(std::initializer_list<int> numbers) {
  std::string bytes;
  for (const int number : numbers) {
    bytes += static_cast<char>(number & 0xff);
    bytes += static_cast<char>(number >> 8 & 0xff);
  }
  return bytes;
}

// Cookie 12346 and one container: `key`, values - 1, then `content` at byte 16.
std::string one_container(int key, int values, const std::string& content) {
  return u16s({12346, 0, 1, 0, key, values - 1, 16, 0}) + content;
}
// Cookie 12347, one container of runs, without offsets.
std::string one_run_container(int values, std::initializer_list<int> runs) {
  return u16s({12347, 0}) + '\x01' + u16s({0, values - 1}) + u16s(runs);
}

Values decode(const std::string& bytes, std::uint64_t expected, std::uint64_t limit = kNoLimit) {
  return decode_roaring(view(bytes), expected, limit);
}
void expect_corrupt(const std::string& part, const std::string& bytes, std::uint64_t expected,
                    std::uint64_t limit = kNoLimit) {
  expect_error(ErrorCode::corrupt, part, [&] { (void)decode(bytes, expected, limit); });
}

Values every(std::uint32_t step, std::uint32_t count) {
  Values values(count);
  for (std::uint32_t i = 0; i < count; ++i) values[i] = i * step;
  return values;
}

TEST(Roaring, ReadsWhatCRoaringWrites) {
  for (const Values& values :
       {Values{}, Values{0}, Values{0xffffffff}, every(3, 4096), every(3, 4097), every(1, 200'000),
        every(2, 200'000), every(70'000, 5), every(20'000, 50'000)}) {
    EXPECT_EQ(decode(encode_roaring(values), values.size()), values);
  }
}

TEST(Roaring, ReadsMixesOfRunsArraysAndBitmaps) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    Values values;
    for (std::uint32_t key = 0; key < 6; ++key) {
      const std::uint32_t step = 1 + random() % 40;
      for (std::uint32_t low = random() % 100; low < 65536; low += step) {
        values.push_back(key << 16 | low);
        if (random() % 100 == 0) low += random() % 30'000;
      }
    }
    EXPECT_EQ(decode(encode_roaring(values), values.size()), values);
  }
}

TEST(Roaring, ReadsAnArray) {
  EXPECT_THAT(decode(one_container(2, 3, u16s({1, 5, 65535})), 3),
              ElementsAre(0x20001, 0x20005, 0x2ffff));
}

TEST(Roaring, ReadsRuns) {
  EXPECT_THAT(decode(one_run_container(4, {2, 3, 1, 65534, 1}), 4),
              ElementsAre(3, 4, 65534, 65535));
}

TEST(Roaring, RejectsAWrongCookie) {
  expect_corrupt("the cookie is 12345", u16s({12345, 0, 0, 0}), 0);
}

TEST(Roaring, RejectsACookieWithANonzeroHighHalf) {
  expect_corrupt("not a Roaring bitmap", u16s({12346, 1, 0, 0}), 0);
}

TEST(Roaring, RejectsMoreContainersThanThereAreKeys) {
  expect_corrupt("65537 containers", u16s({12346, 0, 1, 1}), 0);
}

TEST(Roaring, RejectsKeysThatDoNotAscend) {
  expect_corrupt("container key 1 follows 1",
                 u16s({12346, 0, 2, 0, 1, 0, 1, 0, 24, 0, 26, 0, 7, 8}), 2);
}

TEST(Roaring, RejectsAWrongNumberOfValues) {
  expect_corrupt("1 values, expected 2", one_container(0, 1, u16s({7})), 2);
}

TEST(Roaring, RejectsAContainerThatIsNotAtItsOffset) {
  std::string bytes = one_container(0, 1, u16s({7}));
  bytes[12] = 20;
  expect_corrupt("should start at byte 20, but starts at 16", bytes, 1);
}

TEST(Roaring, RejectsValuesOutOfOrder) {
  expect_corrupt("value 5 follows 7", one_container(0, 2, u16s({7, 5})), 2);
}

TEST(Roaring, RejectsAValueTwice) {
  expect_corrupt("value 7 follows 7", one_container(0, 2, u16s({7, 7})), 2);
}

TEST(Roaring, RejectsAValueBeyondTheLastRow) {
  expect_corrupt("row 7 does not exist in the fragment, which has 7 rows",
                 one_container(0, 1, u16s({7})), 1, 7);
}

TEST(Roaring, RejectsARunBeyondTheContainer) {
  expect_corrupt("a run from 65535 has 2 values", one_run_container(2, {1, 65535, 1}), 2);
}

TEST(Roaring, RejectsRunsThatOverlap) {
  expect_corrupt("value 4 follows 4", one_run_container(4, {2, 3, 1, 4, 1}), 4);
}

TEST(Roaring, RejectsRunsWithAWrongNumberOfValues) {
  expect_corrupt("has 2 values, expected 3", one_run_container(3, {1, 3, 1}), 3);
}

TEST(Roaring, RejectsABitmapWithAWrongNumberOfValues) {
  expect_corrupt("has 8 values, expected 5000",
                 one_container(0, 5000, '\xff' + std::string(8191, 0)), 5000);
}

TEST(Roaring, RejectsBytesAfterTheLastContainer) {
  expect_corrupt("1 bytes follow", one_container(0, 1, u16s({7})) + "x", 1);
}

TEST(Roaring, RejectsEveryTruncatedFile) {
  const Values values = every(5, 6000);
  const std::string bytes = encode_roaring(values);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_THROW((void)decode(bytes.substr(0, size), values.size()), Error) << size;
  }
}

TEST(Roaring, RandomChangesGiveAscendingRowsOrAnError) {
  Values values = every(1, 300);
  for (std::uint32_t i = 0; i < 50; ++i) values.push_back(70'000 + 3 * i);
  for (std::uint32_t i = 0; i < 5000; ++i) values.push_back(140'000 + 3 * i);
  const std::string good = encode_roaring(values);
  std::mt19937 random(4);
  int errors = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string bytes = good;
    bytes[random() % std::min<std::size_t>(bytes.size(), 200)] = static_cast<char>(random());
    try {
      const Values found = decode(bytes, values.size(), 160'000);
      EXPECT_EQ(found.size(), values.size());
      EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::corrupt);
      ++errors;
    }
  }
  EXPECT_GT(errors, 1000);
}

struct Deletions : TableTest {
  [[nodiscard]] static Fragment fragment_with(const DeletionFile& file) {
    Fragment fragment = small_manifest().fragments[0];
    fragment.id = 7;
    fragment.deletion = file;
    return fragment;
  }
};

TEST_F(Deletions, OfAFragmentWithoutAFileAreEmpty) {
  EXPECT_THAT(read_deletions(*storage, small_manifest().fragments[0]), ElementsAre());
}

TEST_F(Deletions, RoundTrip) {
  UncommittedFiles files(*storage);
  storage->make_folder("_deletions");
  const DeletionFile file = write_deletions(files, 7, 3, {0, 4, 9});
  files.finish(true);
  EXPECT_EQ(file.kind, DeletionFile::Kind::bitmap);
  EXPECT_EQ(file.read_version, 3u);
  EXPECT_EQ(file.num_deleted_rows, 3u);
  EXPECT_THAT(names("_deletions"), ElementsAre("7-3-" + std::to_string(file.id) + ".bin"));
  EXPECT_THAT(read_deletions(*storage, fragment_with(file)), ElementsAre(0, 4, 9));
}

TEST_F(Deletions, EachFileHasItsOwnName) {
  UncommittedFiles files(*storage);
  storage->make_folder("_deletions");
  (void)write_deletions(files, 7, 3, {1});
  (void)write_deletions(files, 7, 3, {1});
  EXPECT_EQ(names("_deletions").size(), 2u);
}

TEST_F(Deletions, RejectARowBeyondTheLastOne) {
  UncommittedFiles files(*storage);
  storage->make_folder("_deletions");
  const DeletionFile file = write_deletions(files, 7, 3, {10});
  files.finish(false);
  expect_error(ErrorCode::corrupt, "row 10 does not exist in the fragment, which has 10 rows",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RejectAWrongNumberOfRows) {
  UncommittedFiles files(*storage);
  storage->make_folder("_deletions");
  DeletionFile file = write_deletions(files, 7, 3, {1, 2});
  files.finish(false);
  file.num_deleted_rows = 3;
  expect_error(ErrorCode::corrupt, "2 values, expected 3",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RejectAMissingFile) {
  expect_error(ErrorCode::not_found, "7-0-0.bin",
               [&] { (void)read_deletions(*storage, fragment_with(DeletionFile{})); });
}

TEST_F(Deletions, RejectAFileMuchLargerThanItsRows) {
  DeletionFile file;
  file.num_deleted_rows = 1;
  put(deletion_path(7, file), std::string(2 << 20, 'x'));
  expect_error(ErrorCode::corrupt, "7-0-0.bin",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RejectTooManyRows) {
  DeletionFile file;
  file.num_deleted_rows = std::uint64_t{1} << 31;
  expect_error(ErrorCode::unsupported, "a fragment has 2147483648 deleted rows",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

TEST_F(Deletions, RejectAFileInAnotherBasePath) {
  DeletionFile file;
  file.base_id = 1;
  expect_error(ErrorCode::unsupported, "base path 1",
               [&] { (void)read_deletions(*storage, fragment_with(file)); });
}

}  // namespace
}  // namespace lancekeep::lance
