// SPDX-License-Identifier: Apache-2.0
#include "io/testing/error_matcher.h"
#include "lance/table/compatibility.h"
#include "store/verify/verify_testing.h"

#include <fmt/format.h>

namespace lancekeep::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckManifest : public VerifyTest {
 protected:
  CheckManifest() {
    save(small_model(1));
    save(small_model(2));
  }
  [[nodiscard]] std::string transaction(std::uint64_t version) const {
    return lance::transaction_path(manifest_of(version).manifest.transaction_file);
  }
  [[nodiscard]] auto findings() const { return store_.verify_all().findings; }
};

TEST_F(CheckManifest, FindsOneThatIsEmpty) {
  write(manifest(1), "");
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", manifest(1), "the manifest file is empty")));
}

TEST_F(CheckManifest, FindsOneThatIsCutShort) {
  write(manifest(1), read(manifest(1)).substr(0, 100));
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", manifest(1), "it is cut short")));
}

TEST_F(CheckManifest, FindsOneOfAnotherVersion) {
  write(manifest(1), read(manifest(2)));
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", manifest(1),
                                              "says that it is version 2, but its name says 1")));
}

TEST_F(CheckManifest, FindsAnUnknownFeature) {
  change_manifest(2, [](auto& file) { file.manifest.reader_flags |= 1 << 20; });
  EXPECT_THAT(findings(), ElementsAre(finding(2, "", manifest(2), "1048576")));
  EXPECT_EQ(findings().front().kind, FindingKind::not_read);  // it is only unknown
  EXPECT_NE(store_.versions().back().not_read, "");
  EXPECT_EQ(store_.versions().back().damage, "");
}

TEST_F(CheckManifest, FindsDeletionsWithoutTheirFlag) {
  auto fragments = manifest_of(1).manifest.fragments;
  fragments.front().deletion = delete_rows(2, {1});
  publish(fragments);
  EXPECT_THAT(findings(), IsEmpty());
  change_manifest(3, [](auto& file) { file.manifest.reader_flags = 0; });
  EXPECT_THAT(findings(),
              ElementsAre(finding(3, "", manifest(3), "other readers would show deleted rows")));
}

TEST_F(CheckManifest, FindsAFragmentIdAboveTheHighest) {
  change_manifest(2, [](auto& file) { file.manifest.fragments.back().id = 7; });
  EXPECT_THAT(findings(), ElementsAre(finding(2, "", manifest(2),
                                              "fragment ids go up to 1, but has fragment 7")));
}

TEST_F(CheckManifest, NotesAMissingTransactionFile) {
  std::filesystem::remove(path_ / transaction(1));
  const VerifyReport report = store_.verify_all();
  EXPECT_TRUE(report.ok());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("the transaction file of version 1 is missing")));
}

TEST_F(CheckManifest, FindsATransactionFileOfAnotherVersion) {
  const std::string file = transaction(1);
  write(file, read(transaction(2)));
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", file, "differ in its uuid")));
}

TEST_F(CheckManifest, FindsAMessageThatOnlyTheTransactionFileHas) {
  lance::ManifestFile file = manifest_of(1);
  file.transaction->properties["loss"] = "0.5";
  write(transaction(1), lance::encode_transaction(*file.transaction));
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", transaction(1), "differ in its properties")));
}

TEST_F(CheckManifest, FindsAnOperationThatOnlyTheTransactionFileHas) {
  lance::ManifestFile file = manifest_of(1);
  file.transaction->operation_bytes += std::string("\x08\x01", 2);
  write(transaction(1), lance::encode_transaction(*file.transaction));
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", transaction(1), "differ in its operation")));
}

TEST_F(CheckManifest, AcceptsAnyOrderInPylancesTransactions) {
  change_manifest(1, [](auto& file) { file.manifest.writer_library = "lance"; });
  lance::ManifestFile file = manifest_of(1);
  std::ranges::reverse(file.transaction->operation_bytes);
  write(transaction(1), lance::encode_transaction(*file.transaction));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(CheckManifest, FindsATransactionFileThatIsNotAMessage) {
  const std::string file = transaction(1);
  write(file, "not a message");
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", file, "not a well-formed protobuf message")));
}

TEST_F(CheckManifest, ReadsTheTransactionFileIfTheManifestHasNone) {
  // Writes the manifest without its inline transaction, so that the digest seems to be missing.
  const auto without_inline = [&](std::uint64_t version) {
    lance::ManifestFile file = manifest_of(version);
    std::string message = lance::encode_manifest([&] {
      file.manifest.transaction_section.reset();
      return file.manifest;
    }());
    std::string content;
    for (int shift = 0; shift < 32; shift += 8) {
      content += static_cast<char>(message.size() >> shift & 0xff);
    }
    content += message + std::string(8, '\0') + std::string("\0\0\2\0LANC", 8);
    write(manifest(version), content);
  };
  without_inline(1);
  EXPECT_THAT(findings(), IsEmpty());
  std::filesystem::remove(path_ / transaction(1));
  const VerifyReport report = store_.verify_all();
  EXPECT_THAT(report.findings,
              ElementsAre(finding(1, "", manifest(1), "the table digest is missing")));
  EXPECT_THAT(report.notes,
              ElementsAre(HasSubstr("its message and metadata, if it had any, are lost")));
}

TEST_F(CheckManifest, FindsATransactionFileWithAnotherName) {
  const std::string name = "0-00000000-0000-4000-8000-000000000000.txn";
  write("_transactions/" + name, read(transaction(1)));
  change_manifest(1, [&](auto& file) { file.manifest.transaction_file = name; });
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", name, "says that its name is `0-")));
}

TEST_F(CheckManifest, ADamagedVersionHidesNoOtherDamage) {
  write(manifest(1), "");
  const std::string file = data_file(2);
  flip(file, store_.at(2).locate("head.weight").offset + 3);
  EXPECT_THAT(findings(), ElementsAre(finding(1, "", manifest(1), "empty"),
                                      finding(2, "head.weight", file, "the save recorded")));
}

class CheckTags : public VerifyTest {
 protected:
  CheckTags() {
    save(small_model(1));
    save(small_model(2));
    store_.tag("best", 1);
  }
  // Writes a tag file with these two numbers.
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

TEST_F(CheckTags, PassesAnIntactOne) {
  EXPECT_THAT(findings(), IsEmpty());
  write_tag("2", size_of(2));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(CheckTags, FindsOneThatIsNotJson) {
  write(kFile, "{");
  EXPECT_THAT(findings(), ElementsAre(finding(0, "", kFile, "not a JSON object")));
}

TEST_F(CheckTags, FindsOneOfAMissingVersion) {
  write_tag("9", size_of(1));
  EXPECT_THAT(findings(), ElementsAre(finding(0, "", kFile,
                                              "`best` points to version 9, which does not exist; "
                                              "existing versions: 1–2")));
}

TEST_F(CheckTags, FindsOneThatWasSetOnAnotherManifest) {
  write_tag("2", "7");
  EXPECT_THAT(findings(),
              ElementsAre(finding(0, "", kFile, "it had 7 bytes when the tag was set")));
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

TEST_F(CheckTags, FindsAFolderOfTagsThatIsAFile) {
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
              io::fails_with(ErrorCode::unsupported, "this build cannot read branches"));
  EXPECT_THAT([&] { (void)store_.verify("none"); },
              io::fails_with(ErrorCode::not_found, "no tag `none`"));
}

}  // namespace
}  // namespace lancekeep::store
