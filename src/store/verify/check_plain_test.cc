// SPDX-License-Identifier: Apache-2.0
// Verifying plain datasets.
#include <lancekeep/store.h>

#include "store/testing/plain_testing.h"

namespace lancekeep::store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckPlainTest : public PlainTest {
 protected:
  [[nodiscard]] VerifyReport verify(const VerifyOptions& options = {}) const {
    return Store::open(path_).verify_all(options);
  }
  // Expects exactly one finding, with `words` in it, in a version that has only this row.
  void expect_finding(const PlainCell& row, const FragmentPlan& plan, const std::string& words) {
    publish({write_rows({row}, plan)});
    EXPECT_THAT(verify().findings,
                ElementsAre(AllOf(Field("tensor", &VerifyFinding::tensor, row.name.value_or("")),
                                  Field("what", &VerifyFinding::what, HasSubstr(words)))));
  }
  void damage(const lance::Fragment& fragment, std::size_t from_end) const {
    const std::string name = path_.filename().string() + "/" + lance::data_path(fragment.files[0]);
    std::string content = folder_.read(name);
    content.at(content.size() - from_end) ^= '\x10';
    std::filesystem::remove(folder_ / name);
    folder_.write(name, content);
  }
};

TEST_F(CheckPlainTest, AnIntactOneHasANoteThatThereAreNoHashes) {
  publish({without(write_rows(small_plain()), {0, 1, 2}), write_rows(small_plain())});
  const VerifyReport report = verify();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(AllOf(HasSubstr("no hashes were recorded for version 1"),
                                              HasSubstr("3 tensors were decoded and counted"))));
  EXPECT_EQ(report.versions, 1U);
  EXPECT_EQ(report.tensors, 0U) << "none was checked against a hash";
  EXPECT_GE(report.bytes_read, 72U);
}

TEST_F(CheckPlainTest, VersionsThatShareAFragmentReadItOnce) {
  const lance::Fragment shared = write_rows(small_plain());
  publish({shared});
  publish({shared, write_rows({{"late", {1}, {1}}})});
  const VerifyReport report = verify();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.bytes_read, 72U + 8U);
}

TEST_F(CheckPlainTest, OnlySelectedValuesAreRead) {
  publish({write_rows({{"w", {1}, {2}}}), write_rows(small_plain())});
  const VerifyReport report =
      verify({.select = [](std::string_view name) { return name.starts_with("bn."); }});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.bytes_read, 72U);
}

TEST_F(CheckPlainTest, FindsANullName) {
  expect_finding({std::nullopt, {1}, {1}}, {}, "its name is null");
}

TEST_F(CheckPlainTest, FindsAMissingShape) {
  expect_finding({"w", {1}, {1}}, {.has_shapes = false}, "its shape is null");
}

TEST_F(CheckPlainTest, FindsAMissingValue) {
  expect_finding({"w", {1}, {1}}, {.has_values = false}, "its value is null");
}

TEST_F(CheckPlainTest, FindsAnImpossibleShape) {
  expect_finding({"w", {1}, {-1}}, {}, "negative dimension");
}

TEST_F(CheckPlainTest, FindsAValueOfAnotherLength) {
  expect_finding({"w", {1, 2, 3}, {2}}, {}, "its value has 3 numbers, but its shape needs 2");
}

TEST_F(CheckPlainTest, FindsADamagedFooterAndGoesOn) {
  const lance::Fragment broken = write_rows({{"w", {1}, {1}}});
  publish({broken, write_rows({{"v", {1, 2}, {1}}})});
  damage(broken, 1);
  const VerifyReport report = verify();
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_TRUE(report.findings[0].file.string().ends_with(broken.files[0].path));
  EXPECT_EQ(report.findings[1].tensor, "v");
}

TEST_F(CheckPlainTest, FindsAMissingFile) {
  const lance::Fragment gone = write_rows(small_plain());
  publish({gone});
  std::filesystem::remove(path_ / lance::data_path(gone.files[0]));
  EXPECT_EQ(verify().findings.size(), 1U);
}

TEST_F(CheckPlainTest, FindsARowCountThatDiffersFromTheManifest) {
  publish({write_rows(small_plain(), {.stated_rows = 4})});
  EXPECT_THAT(verify().findings,
              ElementsAre(Field("what", &VerifyFinding::what, HasSubstr("3 rows, expected 4"))));
}

TEST_F(CheckPlainTest, FindsAFileThatIsListedTwice) {
  const lance::Fragment fragment = write_rows(small_plain());
  publish({fragment, fragment});
  EXPECT_THAT(verify().findings, ElementsAre(Field("what", &VerifyFinding::what,
                                                   HasSubstr("names this data file twice"))));
}

TEST_F(CheckPlainTest, NotesANameThatOccursTwice) {
  publish({write_rows({{"w", {1}, {1}}, {"w", {2}, {1}}})});
  const VerifyReport report = verify();
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, testing::Contains(HasSubstr("1 row of version 1 has a name")));
}

TEST_F(CheckPlainTest, ProgressMayStopIt) {
  publish({write_rows(small_plain())});
  const VerifyOptions stop{.progress = [](std::uint64_t, std::uint64_t, std::string_view) {
    throw std::runtime_error("enough");
  }};
  EXPECT_THROW((void)verify(stop), std::runtime_error);
}

}  // namespace
}  // namespace lancekeep::store
