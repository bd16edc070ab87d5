// SPDX-License-Identifier: Apache-2.0
// What several tests of the command need: a folder of their own, and a source with one tensor.
#pragma once

#include <lancekeep/tensor.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace lancekeep::cli {

/// Each test has an empty folder(), and a place for a store in it that does not exist yet.
class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "lancekeep-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~FolderTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "m.lance"; }

 private:
  std::filesystem::path folder_;
};

/// One tensor "w" of one byte; or it fails while it is read.
class OneTensor : public TensorSource {
 public:
  explicit OneTensor(bool fails = false) : fails_(fails) {}
  [[nodiscard]] std::span<const TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t, const ByteSink& sink) override {
    if (fails_) throw std::runtime_error("the source is gone");
    const std::byte value{7};
    (void)sink({&value, 1});
  }

 private:
  std::vector<TensorSpec> specs_ = {{"w", "uint8", {1}, 1, std::nullopt}};
  bool fails_;
};

}  // namespace lancekeep::cli
