// SPDX-License-Identifier: Apache-2.0
#include "io/rooted_path.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

namespace lancekeep::io {
namespace {

struct BadPath {
  std::string path;
  std::string reason;
};

class UnsafePathTest : public testing::TestWithParam<BadPath> {};

TEST_P(UnsafePathTest, IsRejected) {
  EXPECT_THAT([] { require_safe_path(GetParam().path, "f"); },
              fails_with(ErrorCode::unsafe, "f: rejected: the path " + GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(Paths, UnsafePathTest,
                         testing::Values(BadPath{"", "has an empty component"},
                                         BadPath{"/etc/passwd", "is absolute"},
                                         BadPath{"a//b", "has an empty component"},
                                         BadPath{"a/", "has an empty component"},
                                         BadPath{".", "has a component \".\""},
                                         BadPath{"a/./b", "has a component \".\""},
                                         BadPath{"..", "has a component \"..\""},
                                         BadPath{"a/../b", "has a component \"..\""},
                                         BadPath{"a/..", "has a component \"..\""},
                                         BadPath{std::string("a\0b", 3), "contains a NUL"}));

TEST(SafePath, DotsInsideAComponentAreNames) {
  EXPECT_NO_THROW(require_safe_path("a/..b/.c/d..", "f"));
}

TEST(AbsoluteFolder, HasNoSlashAtItsEnd) {
  EXPECT_EQ(absolute_folder("/a/b/"), "/a/b");
  EXPECT_EQ(absolute_folder("/"), "/");
  EXPECT_EQ(absolute_folder("a"), std::filesystem::current_path() / "a");
}

TEST(AbsoluteFolder, RejectsAnEmptyNameAndANul) {
  EXPECT_THAT([] { (void)absolute_folder(""); },
              fails_with(ErrorCode::invalid_argument, "expected the name of a folder"));
  EXPECT_THAT([] { (void)absolute_folder(std::string("a\0b", 3)); },
              fails_with(ErrorCode::invalid_argument, "a: expected a path, found one with a NUL"));
}

// Runs both resolutions on the folder "store", with files in it and a secret beside it.
class RootedPathTest : public testing::TestWithParam<RootedPath::Resolution> {
 protected:
  RootedPathTest() {
    folder_.write("store/data/a", "abc");
    folder_.write("secret", "key");
  }
  RootedPath root() const { return RootedPath(folder_.path() / "store", GetParam()); }
  void link(const std::string& target, const std::string& name) const {
    std::filesystem::create_symlink(target, folder_.path() / "store" / name);
  }
  static std::string content(const Descriptor& file) {
    std::string text(3, '\0');
    read_exactly(file.get(), 0, std::as_writable_bytes(std::span(text)), "f");
    return text;
  }
  TemporaryFolder folder_;
};

TEST_P(RootedPathTest, OpensWhatIsInside) {
  EXPECT_EQ(content(root().open("data/a", O_RDONLY)), "abc");
  EXPECT_TRUE(root().open_if_there("data", O_PATH).has_value());
}

TEST_P(RootedPathTest, NamesAMissingFile) {
  EXPECT_FALSE(root().open_if_there("data/none", O_RDONLY).has_value());
  EXPECT_FALSE(root().open_if_there("none/a", O_PATH).has_value());
  EXPECT_FALSE(root().locate_if_there("none/a").has_value());
  EXPECT_THAT([&] { (void)root().open("data/none", O_RDONLY); },
              fails_with(ErrorCode::not_found, "store/data/none: cannot open"));
  EXPECT_THAT([&] { (void)root().locate("none/a"); },
              fails_with(ErrorCode::not_found, "store/none/a: cannot find the folder"));
}

TEST_P(RootedPathTest, RejectsAFileInsteadOfAFolderInThePath) {
  EXPECT_THAT([&] { (void)root().open("data/a/b", O_RDONLY); },
              fails_with(ErrorCode::io, "cannot open: Not a directory"));
}

TEST_P(RootedPathTest, RejectsPathsThatLeadOut) {
  EXPECT_THAT([&] { (void)root().open("../secret", O_RDONLY); },
              fails_with(ErrorCode::unsafe, "component \"..\""));
  EXPECT_THAT([&] { (void)root().locate("data/../../secret"); },
              fails_with(ErrorCode::unsafe, "component \"..\""));
  EXPECT_THAT([&] { (void)root().open("", O_RDONLY); },
              fails_with(ErrorCode::unsafe, "empty component"));
}

TEST_P(RootedPathTest, RejectsALinkThatLeadsOut) {
  link("../secret", "relative");
  link((folder_.path() / "secret").string(), "absolute");
  for (const std::string name : {"relative", "absolute"}) {
    for (const int flags : {O_RDONLY, O_PATH}) {
      EXPECT_THAT([&] { (void)root().open(name, flags); },
                  fails_with(ErrorCode::unsafe, "store/" + name + ": rejected: a link"));
    }
  }
}

TEST_P(RootedPathTest, RejectsALinkInThePathThatLeadsOut) {
  link("..", "up");
  EXPECT_THAT([&] { (void)root().open("up/secret", O_RDONLY); },
              fails_with(ErrorCode::unsafe, "rejected: a link"));
  EXPECT_THAT([&] { (void)root().locate("up/new"); },
              fails_with(ErrorCode::unsafe, "rejected: a link"));
  EXPECT_THAT([&] { (void)root().open_folder_if_there("up"); },
              fails_with(ErrorCode::unsafe, "rejected: a link"));
}

TEST_P(RootedPathTest, RejectsACircularLink) {
  link("circle", "circle");
  EXPECT_THAT([&] { (void)root().open("circle", O_RDONLY); },
              fails_with(ErrorCode::unsafe, "is circular"));
}

TEST_P(RootedPathTest, LocatesTheLastComponentUnresolved) {
  link("../secret", "link");
  const auto name = root().locate("link");
  EXPECT_EQ(name.last, "link");
  EXPECT_EQ(name.full, (folder_.path() / "store/link").string());
  EXPECT_EQ(::faccessat(name.folder.get(), "data", F_OK, 0), 0);
  EXPECT_EQ(root().locate("data/a").last, "a");
}

TEST_P(RootedPathTest, KeepsTheFolderOpenThroughARename) {
  const RootedPath held = root();
  std::filesystem::rename(folder_.path() / "store", folder_.path() / "moved");
  EXPECT_EQ(content(held.open("data/a", O_RDONLY)), "abc");
}

TEST_P(RootedPathTest, RejectsARootThatIsNotAFolder) {
  EXPECT_THAT([&] { RootedPath(folder_.path() / "none", GetParam()); },
              fails_with(ErrorCode::not_found, "none: cannot open the folder"));
  EXPECT_THAT([&] { RootedPath(folder_.path() / "secret", GetParam()); },
              fails_with(ErrorCode::invalid_argument, "secret: expected a folder, found a file"));
}

TEST(RootedPath, WalkRejectsLinksThatStayInside) {
  const TemporaryFolder folder;
  folder.write("data/a", "abc");
  std::filesystem::create_symlink("a", folder.path() / "data/b");
  const RootedPath root(folder.path(), RootedPath::Resolution::walk);
  EXPECT_THAT([&] { (void)root.open("data/b", O_RDONLY); },
              fails_with(ErrorCode::unsafe, "rejected: a link"));
}

INSTANTIATE_TEST_SUITE_P(Resolutions, RootedPathTest,
                         testing::Values(RootedPath::Resolution::kernel,
                                         RootedPath::Resolution::walk),
                         [](const auto& way) { return way.index == 0 ? "Kernel" : "Walk"; });

}  // namespace
}  // namespace lancekeep::io
