// SPDX-License-Identifier: Apache-2.0
#include "store/verify/findings.h"

#include "store/verify/verify_testing.h"

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;

VerifyReport reported(Findings& findings) {
  VerifyReport report;
  findings.report(report);
  return report;
}

TEST(Findings, TakeFileAndOffsetFromAnError) {
  Findings findings;
  findings.add(Error(ErrorCode::corrupt, "the words", "a/file", 7), 3, "t");
  const VerifyReport report = reported(findings);
  EXPECT_THAT(report.findings, ElementsAre(finding(3, "t", "a/file", "the words")));
  EXPECT_EQ(report.findings.front().what, "the words");
  EXPECT_EQ(report.findings.front().offset, 7u);
}

TEST(Findings, ListSharedDamageOnce) {
  Findings findings;
  for (const std::uint64_t version : {2, 2, 3, 5}) {
    findings.add(Error(ErrorCode::corrupt, "torn", "f"), version);
  }
  findings.add(Error(ErrorCode::corrupt, "torn", "f", 9), 3);  // another place
  EXPECT_THAT(reported(findings).findings,
              ElementsAre(finding(2, "", "f", "torn; 2 other versions have it too"),
                          finding(3, "", "f", "torn")));
}

TEST(Findings, AreSortedByVersionWithThoseOfNoneLast) {
  Findings findings;
  for (const std::uint64_t version : {0, 5, 1, 4}) {
    findings.add({version, "t" + std::to_string(version), {}, {}, "w"});
  }
  EXPECT_THAT(reported(findings).findings,
              ElementsAre(Field(&VerifyFinding::version, 1), Field(&VerifyFinding::version, 4),
                          Field(&VerifyFinding::version, 5), Field(&VerifyFinding::version, 0)));
}

TEST(Findings, DropThoseOfRemovedVersions) {
  Findings findings;
  findings.add({1, "only", {}, {}, "w"});
  for (const std::uint64_t version : {1, 2}) findings.add({version, "shared", {}, {}, "w"});
  findings.add({1, "said to be shared", {}, {}, "w"}, 2);
  findings.add({0, "of no version", {}, {}, "w"});
  findings.keep([](std::uint64_t version) { return version == 2; });
  EXPECT_THAT(reported(findings).findings,
              ElementsAre(Field(&VerifyFinding::tensor, "shared"),
                          Field(&VerifyFinding::tensor, "said to be shared"),
                          Field(&VerifyFinding::tensor, "of no version")));
}

TEST(Findings, AreOnlyCountedBeyondALimit) {
  Findings findings;
  for (std::uint64_t offset = 0; offset < 100'002; ++offset) findings.add({1, {}, {}, offset, "w"});
  const VerifyReport report = reported(findings);
  EXPECT_THAT(report.findings, SizeIs(100'000));
  EXPECT_THAT(report.notes, ElementsAre("2 more findings are not listed"));
}

}  // namespace
}  // namespace lancekeep::store
