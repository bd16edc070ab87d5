// SPDX-License-Identifier: Apache-2.0
#include "io/mapping.h"

#include "io/available_memory.h"
#include "io/descriptor.h"
#include "io/testing/error_matcher.h"
#include "io/testing/temporary_folder.h"

#include <gtest/gtest.h>

#include <fcntl.h>

namespace lancekeep::io {
namespace {

Descriptor open(const std::filesystem::path& path, int flags) {
  Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  EXPECT_TRUE(file.is_open());
  return file;
}

using ToView = ByteView (*)(int descriptor, const std::string& file, MapMode mode);

// Both ways to bring a file into the address space do the same.
class MappingTest : public testing::TestWithParam<ToView> {
 protected:
  ByteView view(const std::filesystem::path& path, MapMode mode) const {
    return GetParam()(open(path, O_RDONLY).get(), path.string(), mode);
  }
  TemporaryFolder folder_;
};

TEST_P(MappingTest, HoldsTheWholeFileOnPageBounds) {
  const std::string content(10'000, 'x');
  const ByteView bytes = view(folder_.write("f", content), MapMode::read_only);
  EXPECT_EQ(bytes.text(), content);
  EXPECT_EQ(bytes.file(), (folder_.path() / "f").string());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes.bytes().data()) % 4096, 0u);
}

TEST_P(MappingTest, EmptyFileIsAnEmptyView) {
  const ByteView bytes = view(folder_.write("f", ""), MapMode::copy_on_write);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.file(), (folder_.path() / "f").string());
}

TEST_P(MappingTest, CopyOnWriteLeavesTheFileAlone) {
  const ByteView bytes = view(folder_.write("f", "abc"), MapMode::copy_on_write);
  const_cast<std::byte&>(bytes.bytes()[1]) = std::byte{'X'};
  EXPECT_EQ(bytes.text(), "aXc");
  EXPECT_EQ(folder_.read("f"), "abc");
}

TEST_P(MappingTest, ReadOnlyCannotBeWritten) {
  const ByteView bytes = view(folder_.write("f", "abc"), MapMode::read_only);
  EXPECT_DEATH(const_cast<volatile std::byte&>(bytes.bytes()[1]) = std::byte{'X'}, "");
}

TEST_P(MappingTest, RefusesAFolder) {
  EXPECT_THAT([&] { (void)view(folder_.path(), MapMode::read_only); },
              fails_with(ErrorCode::io, "expected a file, found a folder"));
}

INSTANTIATE_TEST_SUITE_P(Ways, MappingTest, testing::Values(&map_descriptor, &read_into_pages),
                         [](const auto& way) { return way.index == 0 ? "Mapped" : "Read"; });

TEST(Mapping, ReadsWhereTheSystemRefusesToMap) {
  const TemporaryFolder folder;
  const auto path = folder.write("f", "abc");
  // A descriptor that may not read is refused by mmap, and then by the reading that follows.
  EXPECT_THAT(
      [&] { (void)map_descriptor(open(path, O_WRONLY).get(), path.string(), MapMode::read_only); },
      fails_with(ErrorCode::io, "cannot read: Bad file descriptor"));
}

TEST(Mapping, RefusesToReadMoreThanFitsMemory) {
  const TemporaryFolder folder;
  const auto path = folder.write("f", "");
  std::filesystem::resize_file(path, 2 * available_memory());
  EXPECT_THAT(
      [&] { (void)read_into_pages(open(path, O_RDONLY).get(), path.string(), MapMode::read_only); },
      fails_with(ErrorCode::io, "bytes of memory, but only"));
}

TEST(Mapping, KnowsNetworkFileSystems) {
  EXPECT_TRUE(is_network_file_system(0x6969));
  EXPECT_TRUE(is_network_file_system(0xff534d42));
  EXPECT_FALSE(is_network_file_system(0xef53));      // ext4
  EXPECT_FALSE(is_network_file_system(0x01021994));  // tmpfs
}

}  // namespace
}  // namespace lancekeep::io
