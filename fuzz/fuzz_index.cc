// SPDX-License-Identifier: Apache-2.0
// Reads the index of a sharded model. The input is in a folder with two valid files to which it can
// refer: `a.safetensors` with the tensor `a`, and `b.safetensors` with `b`.
#include <lancekeep/formats.h>

#include "formats/safetensors/safetensors_testing.h"
#include "fuzz/input.h"
#include "io/testing/temporary_folder.h"

using namespace lancekeep;

namespace {

std::string file_of(const std::string& name) {
  return formats::safetensors_of("{" + formats::safetensors_entry(name, "U8", "[3]", 0, 3) + "}",
                                 "abc");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const io::TemporaryFolder folder;
  static const bool written = [] {
    folder.write("a.safetensors", file_of("a"));
    folder.write("b.safetensors", file_of("b"));
    return true;
  }();
  (void)written;
  const auto index =
      folder.write("model.safetensors.index.json", std::string(fuzz::text_of(bytes, size)));
  fuzz::expect_read_or_rejected([&] { fuzz::read_all(*open_model_file(index)); });
  return 0;
}
