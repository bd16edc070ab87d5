// SPDX-License-Identifier: Apache-2.0
// Uses every public header of an installed Lancekeep that needs nothing else: saves one tensor,
// reads it back, and exits 0 where the bytes are the same.
#include <lancekeep/dump.h>
#include <lancekeep/error.h>
#include <lancekeep/formats.h>
#include <lancekeep/store.h>
#include <lancekeep/tensor.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

class OneTensor final : public lancekeep::TensorSource {
 public:
  [[nodiscard]] std::span<const lancekeep::TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t, const lancekeep::ByteSink& sink) override { sink(bytes()); }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::as_bytes(std::span(values_));
  }

 private:
  std::array<float, 6> values_ = {1, 2, 3, 4, 5, 6};
  std::array<lancekeep::TensorSpec, 1> specs_ = {lancekeep::TensorSpec{
      .name = "weight", .dtype = "float32", .shape = {2, 3}, .nbytes = 24, .tied_to = {}}};
};

bool round_trip(const std::filesystem::path& folder) {
  OneTensor source;
  lancekeep::Store store = lancekeep::Store::create(folder / "model.lance");
  const lancekeep::SaveReport report = store.save(source);
  const lancekeep::TensorView view = store.at(report.version).tensor("weight");
  lancekeep::write_safetensors(folder / "model.safetensors", source);
  const auto reread = lancekeep::open_model_file(folder / "model.safetensors");
  std::printf("version %llu, dtype %s, dump of %zu characters\n",
              static_cast<unsigned long long>(report.version), view.dtype().c_str(),
              lancekeep::dump(folder / "model.lance").size());
  return std::ranges::equal(view.bytes(), source.bytes()) && reread->tensors().size() == 1;
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
