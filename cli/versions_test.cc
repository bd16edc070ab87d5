// SPDX-License-Identifier: Apache-2.0
#include "cli/versions.h"

#include "cli/cli_testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lancekeep::cli {
namespace {

using namespace std::chrono;

TEST(ToJson, TensorWithoutHashAndTieHasNulls) {
  const TensorInfo tensor{.name = "w", .dtype = "float32", .shape = {2, 3}, .nbytes = 24};
  EXPECT_EQ(to_json(tensor).text(), R"({
  "name": "w",
  "dtype": "float32",
  "shape": [
    2,
    3
  ],
  "nbytes": 24,
  "hash": null,
  "tied_to": null,
  "damage": null
})");
}

TEST(ToJson, TensorThatIsTiedNamesItsTarget) {
  EXPECT_EQ(to_json(TensorInfo{"w", "float32", {}, 4, "00ff", "v"}).text(), R"({
  "name": "w",
  "dtype": "float32",
  "shape": [],
  "nbytes": 4,
  "hash": "00ff",
  "tied_to": "v",
  "damage": null
})");
}

TEST(ToJson, VersionWithoutMetadataAndTagsHasEmptyContainers) {
  EXPECT_EQ(to_json(VersionInfo{}).text(), R"({
  "number": 0,
  "id": "",
  "layout": "native",
  "time": "1970-01-01T00:00:00.000000Z",
  "message": "",
  "metadata": {},
  "tags": [],
  "tensors": 0,
  "bytes_total": 0,
  "bytes_added": 0,
  "damage": null,
  "unchecked": null,
  "not_read": null,
  "warning": null
})");
}

SaveReport report_of(std::uint64_t written, std::uint64_t kept, std::uint64_t bytes_written,
                     std::uint64_t bytes_shared = 0) {
  SaveReport report;
  report.version = 2;
  report.tensors_written = written;
  report.tensors_kept = kept;
  report.bytes_written = bytes_written;
  report.bytes_shared = bytes_shared;
  report.bytes_total = 18'800'000;
  return report;
}

TEST(SaveSummary, OfAWholeSaveSharesNothing) {
  EXPECT_EQ(save_summary("model.lance", report_of(296, 0, 18'900'000), 41ms),
            "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 18.9 MB in 41 ms");
}

TEST(SaveSummary, SaysWhatWasShared) {
  EXPECT_EQ(save_summary("model.lance", report_of(2, 294, 1'800'000, 17'000'000), 41ms),
            "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 1.8 MB in 41 ms; "
            "shared 294 tensors, 17.0 MB");
}

TEST(SaveSummary, OfAnUnchangedModelSharesAll) {
  EXPECT_EQ(save_summary("model.lance", report_of(0, 296, 5'000, 18'800'000), 41ms),
            "version 2 of model.lance: 296 tensors, 18.8 MB; wrote 5.0 kB in 41 ms; "
            "shared 296 tensors, 18.8 MB");
}

TEST(SaveSummary, EscapesTheStoresName) {
  EXPECT_EQ(save_summary("a\x1b[2J", report_of(1, 0, 18'900'000), 41ms).substr(0, 26),
            "version 2 of a\\u001b[2J: 1");
}

VersionInfo version(Metadata metadata = {}) {
  VersionInfo info{.number = 7};
  info.time = sys_days(2026y / November / 22) + hours(9) + nanoseconds(123'000'000);
  info.metadata = std::move(metadata);
  return info;
}

TEST(Origin, IsTheTimeAndTheNumber) {
  const Metadata metadata = with_origin(version({{"epoch", "3"}}));
  EXPECT_EQ(metadata, (Metadata{{"epoch", "3"},
                                {"source_time", "2026-11-22T09:00:00.123Z"},
                                {"source_version", "7"}}));
}

TEST(Origin, KeepsTheFirstSource) {
  const Metadata first = {{"source_time", "2026-03-01T12:00:00Z"}, {"source_version", "2"}};
  EXPECT_EQ(with_origin(version(first)), first);
}

TEST(Origin, IgnoresTextThatIsNotATime) {
  for (const char* text : {"", "yesterday", "2026-03-01", "2026-03-01T12:00:00",
                           "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00.1234567890Z"}) {
    EXPECT_EQ(source_time({{"source_time", text}}), std::nullopt) << text;
    EXPECT_EQ(with_origin(version({{"source_time", text}})).at("source_version"), "7") << text;
  }
  EXPECT_EQ(source_time({{"source_time", std::string(1 << 20, '1')}}), std::nullopt);
}

TEST(Origin, ShowsWhenTheVersionWasSavedAndImported) {
  EXPECT_EQ(time_text(version()), "2026-11-22T09:00:00Z");
  EXPECT_EQ(time_text(version({{"source_time", "2026-03-01T12:00:00.5Z"}})),
            "2026-03-01T12:00:00Z (imported 2026-11-22)");
}

VersionInfo original() {
  VersionInfo info{.number = 4, .message = "its own"};
  info.metadata = {{"epoch", "3"}};
  info.tags = {"best", "paper"};
  return info;
}

using CopyVersion = FolderTest;

SaveReport copy(Store& store, const SaveOptions& options = {}) {
  OneTensor source;
  return copy_version(store, original(), source, copy_options(original(), options));
}

TEST_F(CopyVersion, HasMessageMetadataTagsAndOrigin) {
  Store store = Store::create(path());
  EXPECT_EQ(copy(store).version, 1u);
  const VersionInfo info = store.at().info();
  EXPECT_EQ(info.message, "its own");
  EXPECT_EQ(
      info.metadata,
      (Metadata{{"epoch", "3"}, {"source_time", "1970-01-01T00:00:00Z"}, {"source_version", "4"}}));
  EXPECT_THAT(info.tags, testing::ElementsAre("best", "paper"));
}

TEST_F(CopyVersion, OptionsTakePrecedence) {
  Store store = Store::create(path());
  (void)copy(store, {.message = "another", .metadata = {{"epoch", "9"}}, .tag = "mine"});
  const VersionInfo info = store.at().info();
  EXPECT_EQ(info.message, "another");
  EXPECT_EQ(info.metadata.at("epoch"), "9");
  EXPECT_THAT(info.tags, testing::ElementsAre("best", "mine", "paper"));
}

TEST_F(CopyVersion, AFailedTagSaysThatTheVersionWasSaved) {
  Store store = Store::create(path());
  OneTensor source;
  store.save(source, {.tag = "paper"});
  try {
    (void)copy(store);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::already_exists);
    EXPECT_THAT(error.what(), testing::HasSubstr("version 2 was saved, but not tagged `paper`"));
  }
}

}  // namespace
}  // namespace lancekeep::cli
