// SPDX-License-Identifier: Apache-2.0
// Which versions are checked, what counts as misuse, and what other processes can do meanwhile.
#include "io/testing/error_matcher.h"
#include "store/verify/verify_testing.h"

namespace lancekeep::store {
namespace {

using io::fails_with;
using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;

class Verify : public VerifyTest {
 protected:
  // Renames a column in the manifest, so that the version does not keep a model.
  void make_foreign(std::uint64_t version, bool with_digest) const {
    change_manifest(version, [&](auto& file) {
      file.manifest.transaction_file.clear();
      for (lance::Field& field : file.manifest.fields) {
        if (field.name == "dtype") field.name = "dtypo";
      }
      if (!with_digest) file.transaction->properties.clear();
    });
  }
};

TEST_F(Verify, ChecksTheRequestedVersion) {
  for (unsigned i = 1; i <= 3; ++i) save(small_model(i));
  store_.tag("best", 1);
  for (const auto& [ref, number] :
       {std::pair<Ref, std::uint64_t>{{}, 3}, {Ref(2), 2}, {Ref("best"), 1}}) {
    const VerifyReport report = store_.verify(ref);
    EXPECT_EQ(report.versions, 1u);
    EXPECT_EQ(report.newest, number);
  }
  EXPECT_EQ(store_.verify_all().versions, 3u);
}

TEST_F(Verify, DamageOfAnotherVersionIsNotReported) {
  save(small_model(1));
  save(small_model(2));
  flip(data_file(1), 0);
  EXPECT_TRUE(store_.verify(2).ok());
  EXPECT_FALSE(store_.verify(1).ok());
}

TEST_F(Verify, ATornNewestVersionIsAlwaysReported) {
  for (unsigned i = 1; i <= 3; ++i) save(small_model(i));
  write(manifest(3), "");
  EXPECT_THAT(store_.verify(1).findings, ElementsAre(finding(3, "", manifest(3), "is empty")));
  // The latest version is then the one before it, which is checked too.
  flip(data_file(2), store_.at(2).locate("head.weight").offset);
  const VerifyReport latest = store_.verify({});
  EXPECT_THAT(latest.findings, ElementsAre(finding(2, "head.weight", data_file(2), ""),
                                           finding(3, "", manifest(3), "is empty")));
  EXPECT_EQ(latest.newest, 2u);
  // An older manifest that is clearly cut short is always reported too.
  write(manifest(2), "LANC");
  EXPECT_THAT(store_.verify(1).findings, ElementsAre(finding(2, "", manifest(2), "is cut short"),
                                                     finding(3, "", manifest(3), "is empty")));
}

TEST_F(Verify, NoReadableVersionIsAFinding) {
  save(small_model());
  write(manifest(1), "");
  const VerifyReport report = store_.verify({});
  EXPECT_THAT(report.findings, ElementsAre(finding(1, "", manifest(1), "is empty")));
  EXPECT_EQ(report.newest, 0u);
}

TEST_F(Verify, TwoNamingSchemesAreAFinding) {
  save(small_model());
  write("_versions/2.manifest", read(manifest(1)));
  EXPECT_THAT(store_.verify_all().findings, ElementsAre(finding(0, "", "_versions", "two ways")));
}

TEST_F(Verify, ARefThatDoesNotExistIsMisuse) {
  EXPECT_THAT([&] { (void)store_.verify({}); }, fails_with(ErrorCode::not_found, "no version yet"));
  EXPECT_TRUE(store_.verify_all().ok());
  save(small_model());
  EXPECT_THAT([&] { (void)store_.verify(9); },
              fails_with(ErrorCode::not_found, "version 9 does not exist"));
}

TEST_F(Verify, AStoreThatWasReplacedIsMisuse) {
  MemorySource source = small_model();
  store_.save(source);
  Store::replace(path_, source);
  EXPECT_THAT([&] { (void)store_.verify({}); }, fails_with(ErrorCode::conflict, "was replaced"));
}

TEST_F(Verify, ADatasetThatKeepsNoModelIsNotRead) {
  save(small_model());
  make_foreign(1, false);
  const VerifyReport report = store_.verify_all();
  EXPECT_THAT(report.findings, ElementsAre(finding(1, "", manifest(1), "does not keep a model")));
  EXPECT_EQ(report.count(FindingKind::not_read), 1u);
  EXPECT_EQ(report.count(FindingKind::damaged), 0u);
}

TEST_F(Verify, AVersionOfAStoreThatKeepsNoModelIsAFinding) {
  save(small_model());
  make_foreign(1, true);
  EXPECT_THAT(store_.verify_all().findings,
              ElementsAre(finding(1, "", manifest(1), "dtypo: string")));
  EXPECT_EQ(store_.verify_all().count(FindingKind::damaged), 1u);
  EXPECT_NE(store_.versions().front().damage, "");
}

TEST_F(Verify, AVersionRemovedMeanwhileIsNotDamage) {
  save(small_model());
  save(MemorySource().add("another", "uint8", {3}, "abc"));
  const std::string data = data_file(1);
  VerifyOptions options{.progress = [&](std::uint64_t, std::uint64_t, std::string_view) {
    fs::remove(path_ / manifest(1));
    fs::remove(path_ / data);
  }};
  const VerifyReport report = store_.verify_all(options);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre("version 1 was removed during the check"));
  EXPECT_EQ(report.tensors, 1u);
}

TEST_F(Verify, AStoreReplacedMeanwhileIsNotDamage) {
  MemorySource source = small_model();
  store_.save(source);
  bool replaced = false;
  VerifyOptions options{.progress = [&](std::uint64_t, std::uint64_t, std::string_view) {
    if (!std::exchange(replaced, true)) Store::replace(path_, source);
  }};
  EXPECT_THAT([&] { (void)store_.verify_all(options); },
              fails_with(ErrorCode::conflict, "was replaced"));
}

}  // namespace
}  // namespace lancekeep::store
