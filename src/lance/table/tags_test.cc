// SPDX-License-Identifier: Apache-2.0
#include "lance/table/tags.h"

#include "lance/table/table_testing.h"

#include <nlohmann/json.hpp>

namespace lancekeep::lance {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

struct Tags : TableTest {
  [[nodiscard]] nlohmann::json file(const std::string& name) const {
    return nlohmann::json::parse(get("_refs/tags/" + name + ".json"));
  }
  void expect_corrupt(const std::string& part, const std::string& content) {
    put("_refs/tags/bad.json", content);
    expect_error(ErrorCode::corrupt, part, [&] { (void)read_tag(*storage, "bad"); });
  }
};

TEST(TagName, TakesLettersDigitsDotsAndDashes) {
  for (const char* name : {"a", "v1.2-rc_3", "1a", "x-", "_", "Latest", "a.locked"}) {
    EXPECT_NO_THROW(check_tag_name(name)) << name;
  }
  EXPECT_NO_THROW(check_tag_name(std::string(128, 'x')));
}

TEST(TagName, SuggestsAValidName) {
  const std::vector<std::pair<std::string, std::string>> names = {
      {"epoch=1-step=10", "; use `epoch-1-step-10`"},
      {"release/v1", "; use `release-v1`"},
      {"../../etc/passwd", "; use `etc-passwd`"},
      {"a b  c", "; use `a-b-c`"},
      {"-x", "; use `x`"},
      {"v1..2", "; use `v1.2`"},
      {"a.lock", "; use `a-lock`"},
      {"12", "; use `v-12`"},
      {"latest", "; use `v-latest`"},
      {"größe", "; use `gr-e`"},
      {std::string(200, 'x'), "; use `" + std::string(128, 'x') + "`"}};
  for (const auto& [name, suggestion] : names) {
    expect_error(ErrorCode::invalid_argument, suggestion, [&] { check_tag_name(name); });
  }
  for (const char* name : {"", "...", "漢字"}) {
    try {
      check_tag_name(name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("; use"), std::string::npos) << error.what();
    }
  }
}

TEST(TagName, RejectsOtherNames) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "is empty"},
      {std::string(129, 'x'), "longer than 128"},
      {"-x", "starts with a dash"},
      {"a b", "characters other than"},
      {"a/b", "characters other than"},
      {"ä", "characters other than"},
      {std::string("a\0", 2), "characters other than"},
      {"12", "all digits"},
      {"latest", "means the newest version"},
      {".a", "a dot"},
      {"a.", "a dot"},
      {"a..b", "two dots"},
      {"a.lock", "ends in \".lock\""}};
  for (const auto& [name, reason] : bad) {
    expect_error(ErrorCode::invalid_argument, reason, [&] { check_tag_name(name); });
  }
}

TEST_F(Tags, AreEmptyAtFirst) {
  EXPECT_THAT(list_tags(*storage), ElementsAre());
  expect_error(ErrorCode::not_found, "no tag `a`; there are no tags",
               [&] { (void)read_tag(*storage, "a"); });
}

TEST_F(Tags, BranchesAreListed) {
  EXPECT_TRUE(list_branches(*storage).empty());
  put("_refs/branches/feature%2Fx.json", "{}");
  put("_refs/branches/dev.json", "{}");
  EXPECT_THAT(list_branches(*storage), ElementsAre("dev", "feature/x"));
}

TEST_F(Tags, RoundTrip) {
  write_tag(*storage, {"b"}, 2, 100, true);
  write_tag(*storage, {"a"}, 1, 100, false);
  EXPECT_THAT(list_tags(*storage), ElementsAre("a", "b"));
  EXPECT_EQ(read_tag(*storage, "b").version, 2u);
  EXPECT_EQ(read_tag(*storage, "b").branch, std::nullopt);
  EXPECT_THAT(names("_refs/tags"), ElementsAre("a.json", "b.json"));
}

TEST_F(Tags, AreWrittenAsPylanceWritesThem) {
  write_tag(*storage, {"a"}, 3, 100, true);
  const std::string time = file("a")["createdAt"];
  EXPECT_THAT(time,
              MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
                           "\\.[0-9]+Z"));
  EXPECT_EQ(time.size(), 30u);
  EXPECT_EQ(file("a"), (nlohmann::json{{"branch", nullptr},
                                       {"version", 3},
                                       {"createdAt", time},
                                       {"updatedAt", time},
                                       {"manifestSize", 100},
                                       {"metadata", nlohmann::json::object()}}));
}

TEST_F(Tags, AreNotMovedWithoutForce) {
  write_tag(*storage, {"a"}, 1, 100, true);
  expect_error(ErrorCode::already_exists, "tag `a` already points to version 1",
               [&] { write_tag(*storage, {"a"}, 2, 100, true); });
  EXPECT_EQ(read_tag(*storage, "a").version, 1u);
}

TEST_F(Tags, MovedByForceKeepCreationTimeAndMetadata) {
  put("_refs/tags/a.json",
      R"({"version":1,"createdAt":"2020-01-01T00:00:00.000000000Z","metadata":{"k":"v"}})");
  write_tag(*storage, {"a", true}, 2, 100, true);
  EXPECT_EQ(read_tag(*storage, "a").version, 2u);
  EXPECT_EQ(file("a")["createdAt"], "2020-01-01T00:00:00.000000000Z");
  EXPECT_NE(file("a")["updatedAt"], file("a")["createdAt"]);
  EXPECT_EQ(file("a")["metadata"]["k"], "v");
}

TEST_F(Tags, CanBeReplacedByForceIfDamaged) {
  put("_refs/tags/a.json", "torn");
  write_tag(*storage, {"a", true}, 2, 100, true);
  EXPECT_EQ(read_tag(*storage, "a").version, 2u);
}

TEST_F(Tags, CanBeRemoved) {
  write_tag(*storage, {"a"}, 1, 100, true);
  write_tag(*storage, {"b"}, 1, 100, true);
  remove_tag(*storage, "a");
  EXPECT_THAT(list_tags(*storage), ElementsAre("b"));
  expect_error(ErrorCode::not_found, "no tag `a`; the tags are: b",
               [&] { remove_tag(*storage, "a"); });
}

TEST_F(Tags, OfPylanceHaveABranch) {
  put("_refs/tags/a.json", R"({"branch":"dev","version":4,"manifestSize":1})");
  EXPECT_EQ(read_tag(*storage, "a").branch, "dev");
}

TEST_F(Tags, ExcludeTemporaryFiles) {
  put("_refs/tags/x.tmp", "");
  put("_refs/tags/a.json.tmp", "");
  EXPECT_THAT(list_tags(*storage), ElementsAre());
}

TEST_F(Tags, ANameThatLeavesTheFolderIsNotATag) {
  put("secret.json", R"({"version":1})");
  expect_error(ErrorCode::not_found, "no tag", [&] { (void)read_tag(*storage, "../../secret"); });
  expect_error(ErrorCode::not_found, "no tag", [&] { remove_tag(*storage, "../../secret"); });
  EXPECT_TRUE(storage->exists("secret.json"));
}

TEST_F(Tags, RejectAFileThatIsNotJson) { expect_corrupt("is not a JSON object", "torn"); }

TEST_F(Tags, RejectAnEmptyFile) { expect_corrupt("is not a JSON object", ""); }

TEST_F(Tags, RejectAList) { expect_corrupt("is not a JSON object", "[1]"); }

TEST_F(Tags, RejectAMissingVersion) { expect_corrupt("no \"version\"", "{}"); }

TEST_F(Tags, RejectAVersionThatIsNotAWholeNumber) {
  for (const char* version : {"\"1\"", "1.5", "-1", "null", "1e3"}) {
    expect_corrupt("no \"version\"", std::string("{\"version\":") + version + "}");
  }
}

TEST_F(Tags, RejectABranchThatIsNotAString) {
  expect_corrupt("neither null nor a string", R"({"version":1,"branch":7})");
}

TEST_F(Tags, RejectAFileThatIsTooLarge) {
  expect_corrupt("bad.json", R"({"version":1})" + std::string(65 << 10, ' '));
}

TEST_F(Tags, AFailedWriteLeavesTheTagAsItWas) {
  write_tag(*storage, {"a"}, 1, 100, true);
  auto counting = faulty({});
  write_tag(*counting, {"a", true}, 1, 100, true);
  ASSERT_GT(counting->calls(), 4u);
  for (std::uint64_t call = 1; call <= counting->calls(); ++call) {
    EXPECT_THROW(write_tag(*faulty({.fail_at = call}), {"a", true}, 2, 100, true), Error);
    const bool moved = read_tag(*storage, "a").version == 2;
    EXPECT_EQ(moved, call == counting->calls()) << "only the last fsync comes after the rename";
    EXPECT_THAT(names("_refs/tags"), ElementsAre("a.json")) << call;
  }
}

}  // namespace
}  // namespace lancekeep::lance
