// SPDX-License-Identifier: Apache-2.0
// Includes every public header of an installed Lancekeep that needs no other library: saves one tensor,
// reads it back, and exits 0 if the values are the same.
#include <lancekeep/dump.h>
#include <lancekeep/error.h>
#include <lancekeep/formats.h>
#include <lancekeep/new_store.h>
#include <lancekeep/store.h>
#include <lancekeep/tensor.h>
#include <lancekeep/tensors.h>
#include <lancekeep/version.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

bool round_trip(const std::filesystem::path& folder) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  lancekeep::Tensors source;
  source.add("weight", {2, 3}, values);
  lancekeep::Store store = lancekeep::Store::create(folder / "model.lance");
  const lancekeep::SaveReport report = store.save(source);
  const lancekeep::TensorView view = store.at(report.version).tensor("weight");
  lancekeep::write_safetensors(folder / "model.safetensors", source);
  const auto reread = lancekeep::open_model_file(folder / "model.safetensors");
  std::printf("version %llu, dtype %s, dump of %zu characters\n",
              static_cast<unsigned long long>(report.version), view.dtype().c_str(),
              lancekeep::dump(folder / "model.lance").size());
  return std::ranges::equal(view.as<float>(), values) && reread->tensors().size() == 1;
}

}  // namespace

int main() {
  std::string folder =
      (std::filesystem::temp_directory_path() / "lancekeep-consumer-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 2;
  int status = 2;
  try {
    status = round_trip(folder) ? 0 : 1;
  } catch (const lancekeep::Error& error) {
    std::fprintf(stderr, "%s: %s\n", lancekeep::to_string(error.code()), error.what());
  }
  std::filesystem::remove_all(folder);
  return status;
}
