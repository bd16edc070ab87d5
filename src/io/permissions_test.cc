// SPDX-License-Identifier: Apache-2.0
#include "io/permissions.h"

#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lancekeep::io {
namespace {

namespace fs = std::filesystem;

constexpr gid_t kOtherGroup = 1234;
constexpr uid_t kOtherUser = 1235;

class Permissions : public testing::Test {
 protected:
  Permissions() {
    fs::create_directory(model_);
    fs::create_directory(target_);
  }
  static struct stat status_of(const fs::path& path) {
    struct stat status = {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status;
  }
  static mode_t mode_of(const fs::path& path) { return status_of(path).st_mode & 07777; }

  // What copy_permissions() returns for a user who is not root and in no further group. The process
  // must be root's.
  std::string copy_as_user() const {
    EXPECT_EQ(::chown(target_.c_str(), kOtherUser, kOtherUser), 0);
    EXPECT_EQ(::chmod((folder_ / "").c_str(), 0777), 0);
    int channel[2];
    EXPECT_EQ(::pipe(channel), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      std::string text = "failed";
      const bool is_user = ::setegid(kOtherUser) == 0 && ::seteuid(kOtherUser) == 0;
      if (is_user) text = copy_permissions(model_, target_);
      (void)!::write(channel[1], text.data(), text.size());
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(channel[1]);
    char text[1000];
    const ssize_t size = ::read(channel[0], text, sizeof(text));
    ::close(channel[0]);
    return {text, static_cast<std::size_t>(size)};
  }

  const TemporaryFolder folder_;
  const fs::path model_ = folder_ / "model";
  const fs::path target_ = folder_ / "target";
};

TEST_F(Permissions, OfAPrivateFolderAreOfItsOwnerAlone) {
  make_private_folder(folder_ / "private");
  EXPECT_EQ(mode_of(folder_ / "private"), 0700u);
  EXPECT_THROW(make_private_folder(folder_ / "private"), Error);
}

TEST_F(Permissions, AreCopied) {
  for (const mode_t mode : {0700u, 0755u, 02775u, 01777u, 0500u}) {
    ASSERT_EQ(::chmod(model_.c_str(), mode), 0);
    EXPECT_EQ(copy_permissions(model_, target_), "");
    EXPECT_EQ(mode_of(target_), mode);
  }
}

TEST_F(Permissions, OfFilesAreCopied) {
  folder_.write("model/a", "a");
  folder_.write("target/b", "b");
  ASSERT_EQ(::chmod((model_ / "a").c_str(), 0640), 0);
  EXPECT_EQ(copy_permissions(model_ / "a", target_ / "b"), "");
  EXPECT_EQ(mode_of(target_ / "b"), 0640u);
}

TEST_F(Permissions, OwnerAndGroupAreCopiedWherePermitted) {
  const uid_t user = ::geteuid() == 0 ? kOtherUser : ::geteuid();
  const gid_t group = ::geteuid() == 0 ? kOtherGroup : ::getegid();
  ASSERT_EQ(::chown(model_.c_str(), user, group), 0);
  ASSERT_EQ(::chmod(model_.c_str(), 02770), 0);
  EXPECT_EQ(copy_permissions(model_, target_), "");
  EXPECT_EQ(status_of(target_).st_uid, user);
  EXPECT_EQ(status_of(target_).st_gid, group);
  EXPECT_EQ(mode_of(target_), 02770u);
}

TEST_F(Permissions, GiveAnotherGroupNoMoreThanEverybody) {
  if (::geteuid() != 0) return;  // only root can make a folder of another group
  ASSERT_EQ(::chown(model_.c_str(), kOtherUser, kOtherGroup), 0);
  ASSERT_EQ(::chmod(model_.c_str(), 02775), 0);
  EXPECT_EQ(copy_as_user(),
            "it does not belong to group 1234 any more, which this user may not set; the mode is "
            "755, not 2775");
  EXPECT_EQ(mode_of(target_), 0755u);
  ASSERT_EQ(::chmod(model_.c_str(), 02770), 0);
  EXPECT_NE(copy_as_user(), "");
  EXPECT_EQ(mode_of(target_), 0700u);
}

TEST_F(Permissions, AreNotReadThroughALink) {
  fs::create_directory_symlink(model_, folder_ / "link");
  EXPECT_THROW((void)copy_permissions(folder_ / "link", target_), Error);
}

}  // namespace
}  // namespace lancekeep::io
