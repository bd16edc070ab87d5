// SPDX-License-Identifier: Apache-2.0
// Measures the cost of a long history: a model of 300 tensors, one of which changes before each
// save.
//   history VALUES SAVES → one JSON line after 40 saves and one after all saves: the median times
//   to open the latest version and to save the next, over the last 20 saves, and the manifest's size
#include <lancekeep/store.h>
#include <lancekeep/tensors.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTensors = 300;

// Tensors of `values` float32 numbers, which can be changed one at a time.
class ChangingModel {
 public:
  explicit ChangingModel(std::size_t values) : values_(kTensors, std::vector<float>(values)) {
    for (std::size_t i = 0; i < kTensors; ++i) {
      for (std::size_t k = 0; k < values; ++k) values_[i][k] = static_cast<float>(i * values + k);
      tensors_.add("layer." + std::to_string(i) + ".weight", "float32",
                   {static_cast<std::int64_t>(values)}, std::as_bytes(std::span(values_[i])));
    }
  }
  void change(std::size_t tensor) {
    for (float& value : values_[tensor % kTensors]) value += 1;
  }
  lancekeep::TensorSource& tensors() { return tensors_; }

 private:
  std::vector<std::vector<float>> values_;
  lancekeep::Tensors tensors_;
};

double milliseconds(const std::function<void()>& call) {
  const auto start = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

std::uintmax_t newest_manifest_bytes(const fs::path& store) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(store / "_versions")) {
    if (entry.path().extension() != ".manifest") continue;
    if (newest.empty() || entry.path() < newest) newest = entry.path();
  }
  return fs::file_size(newest);
}

void run(std::size_t values, std::size_t saves) {
  const fs::path folder = fs::temp_directory_path() / "lancekeep-bench-history.lance";
  fs::remove_all(folder);
  ChangingModel model(values);
  lancekeep::Store store = lancekeep::Store::create(folder);
  store.save(model.tensors());
  std::vector<double> open, save;
  std::uint64_t written = 0;
  for (std::size_t number = 1; number <= saves; ++number) {
    model.change(number);
    save.push_back(milliseconds([&] { written += store.save(model.tensors()).bytes_written; }));
    open.push_back(milliseconds([&] { (void)lancekeep::Store::open(folder).at(); }));
    if (number == 40 || number == saves) {
      std::printf(
          "{\"tensor_bytes\": %zu, \"saves\": %zu, \"open_ms\": %.3f, \"save_ms\": %.3f, "
          "\"manifest_bytes\": %ju, \"written_per_save\": %.0f}\n",
          values * sizeof(float), number, median({open.end() - 20, open.end()}),
          median({save.end() - 20, save.end()}), newest_manifest_bytes(folder),
          static_cast<double>(written) / static_cast<double>(number));
    }
  }
  fs::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s VALUES SAVES\n", argv[0]);
    return 2;
  }
  try {
    run(std::stoul(argv[1]), std::stoul(argv[2]));
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "history: %s\n", e.what());
    return 2;
  }
}
