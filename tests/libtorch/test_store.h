// SPDX-License-Identifier: Apache-2.0
// Shared by the tests of the LibTorch header: a folder for a store, and tensors as bits.
#pragma once

#include <lancekeep/libtorch.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace lancekeep {

/// A fixture with a new, empty folder; `path` is a free name in it.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string name = (std::filesystem::temp_directory_path() / "lancekeep-torch-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    folder = name;
    path = folder / "model.lance";
  }
  ~StoreTest() override { std::filesystem::remove_all(folder); }

  std::filesystem::path folder;
  std::filesystem::path path;
};

/// The bytes of any tensor, in row-major order.
inline std::vector<std::uint8_t> bytes_of(const torch::Tensor& tensor) {
  const torch::Tensor flat = libtorch::as_bits(tensor.resolve_conj().resolve_neg()).contiguous();
  const auto* begin = static_cast<const std::uint8_t*>(flat.const_data_ptr());
  return {begin, begin + flat.nbytes()};
}

/// Random bits as a tensor of any dtype; `shape` must have at least one dimension.
inline torch::Tensor random_bits(std::vector<std::int64_t> shape, c10::ScalarType type) {
  shape.back() *= static_cast<std::int64_t>(c10::elementSize(type));
  const torch::Tensor bytes = torch::randint(0, 256, shape, torch::kByte);
  return bytes.view(libtorch::bits_type(type)).view(type);
}

/// Expects an Error with this code whose message matches.
inline void expect_error(ErrorCode code, const ::testing::Matcher<std::string>& message,
                         const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(to_string(error.code()), to_string(code)) << error.what();
    EXPECT_THAT(std::string(error.what()), message);
  }
}

}  // namespace lancekeep
