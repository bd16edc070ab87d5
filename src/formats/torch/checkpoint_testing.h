// SPDX-License-Identifier: Apache-2.0
// For tests: makes a file of torch.save from an object's pickle, and opens it as a source.
#pragma once

#include "formats/torch/torch_reader.h"
#include "formats/torch/torch_testing.h"
#include "io/testing/temporary_folder.h"
#include "tensor/source_testing.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace lancekeep::formats {

class CheckpointTest : public testing::Test {
 protected:
  /// Opens a file with `object` and a storage `0` of the bytes 0, 1, 2, ...
  std::unique_ptr<TensorSource> open(const std::string& object) {
    const std::string zip = zip_of(torch_zip_content(object, {{"0", counting_bytes(24)}}));
    return open_torch_checkpoint(TorchFileOpener(folder_.write("m.pth", zip)).zip());
  }
  auto opening(const std::string& object) {
    return [this, object] { (void)open(object); };
  }

  /// Returns one line per row: its name, its dtype, and its text if it is not a tensor.
  static std::string listing(TensorSource& source) {
    std::string text;
    for (std::size_t i = 0; i < source.tensors().size(); ++i) {
      const TensorSpec& spec = source.tensors()[i];
      const bool is_text = spec.dtype == "json" || spec.dtype == "tree";
      text += spec.name + " " + spec.dtype + (is_text ? " " + bytes_of(source, i) : "") + "\n";
    }
    return text;
  }

  io::TemporaryFolder folder_;
  PickledTensor tensor_;
};

}  // namespace lancekeep::formats
