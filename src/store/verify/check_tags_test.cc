// SPDX-License-Identifier: Apache-2.0
#include "io/testing/error_matcher.h"
#include "store/verify/verify_testing.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckTags : public VerifyTest {
 protected:
  CheckTags() {
    save(small_model(1));
    save(small_model(2));
    store_.tag("best", 1);
  }
  // A tag's file with these two numbers.
  void write_tag(const std::string& version, const std::string& size) const {
    write(kFile, fmt::format(R"({{"branch":null,"version":{}{},"metadata":{{}}}})", version,
                             size.empty() ? "" : ",\"manifestSize\":" + size));
  }
  [[nodiscard]] std::string size_of(std::uint64_t version) const {
    return std::to_string(read(manifest(version)).size());
  }
  // Tags concern every version.
  [[nodiscard]] auto findings() const { return store_.verify(2).findings; }

  static constexpr const char* kFile = "_refs/tags/best.json";
};

TEST_F(CheckTags, PassesASoundOne) {
  EXPECT_THAT(findings(), IsEmpty());
  write_tag("2", size_of(2));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(CheckTags, FindsOneThatIsNoJson) {
  write(kFile, "{");
  EXPECT_THAT(findings(), ElementsAre(finding(0, "", kFile, "not a JSON object")));
}

TEST_F(CheckTags, FindsOneOfAVersionThatIsNotThere) {
  write_tag("9", size_of(1));
  EXPECT_THAT(findings(), ElementsAre(finding(0, "", kFile,
                                              "`best` stands for version 9, which is not there; "
                                              "there are: 1–2")));
}

TEST_F(CheckTags, FindsOneThatWasSetOnAnotherManifest) {
  write_tag("2", "7");
  EXPECT_THAT(findings(), ElementsAre(finding(0, "", kFile, "the tag was set on one of 7 bytes")));
}

TEST_F(CheckTags, FindsOneThatPylanceCouldNotRead) {
  write_tag("2", "");
  EXPECT_THAT(findings(), ElementsAre(finding(0, "", kFile, "has no \"manifestSize\"")));
}

TEST_F(CheckTags, NotesOneOfABranch) {
  write(kFile, R"({"branch":"dev","version":1,"manifestSize":1})");
  const VerifyReport report = store_.verify(2);
  EXPECT_TRUE(report.ok());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("of the branch `dev`")));
}

TEST_F(CheckTags, FindsAFolderOfTagsThatIsNone) {
  std::filesystem::remove_all(path_ / "_refs/tags");
  write("_refs/tags", "a file");
  EXPECT_THAT(findings(), ElementsAre(finding(0, "", "_refs/tags", "")));
}

TEST_F(CheckTags, ADamagedTagAsTheRefIsAFinding) {
  write(kFile, "{");
  EXPECT_THAT(store_.verify("best").findings, ElementsAre(finding(0, "", kFile, "JSON")));
  write_tag("9", size_of(1));
  const VerifyReport report = store_.verify("best");
  EXPECT_THAT(report.findings, ElementsAre(finding(0, "", kFile, "version 9")));
  EXPECT_EQ(report.versions, 0u);
}

TEST_F(CheckTags, ABranchOrNothingAsTheRefIsMisuse) {
  write(kFile, R"({"branch":"dev","version":1,"manifestSize":1})");
  EXPECT_THAT([&] { (void)store_.verify("best"); },
              io::fails_with(ErrorCode::unsupported, "branches are not read"));
  EXPECT_THAT([&] { (void)store_.verify("none"); },
              io::fails_with(ErrorCode::not_found, "no tag `none`"));
}

}  // namespace
}  // namespace lancekeep::store
