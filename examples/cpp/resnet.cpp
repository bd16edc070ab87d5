// SPDX-License-Identifier: Apache-2.0
// Saves two versions of a ResNet-18 in one store and checks that both load with the same bits.
//
//   example_resnet [STORE]
//
// A seeded network is saved as version 1, trained for two steps on random data and saved as
// version 2. Both versions are then loaded into new networks and compared. Without STORE, a folder
// in the temporary directory is used and then removed. Exit status: 0 if all is equal, 1 if
// something differs, 2 after an error.
#include <lancekeep/libtorch.h>

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace nn = torch::nn;

nn::Conv2d conv(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  return nn::Conv2d(
      nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

/// Two 3x3 convolutions and a shortcut, which is a 1x1 convolution if the shape changes.
struct BasicBlockImpl : nn::Module {
  BasicBlockImpl(std::int64_t in, std::int64_t out, std::int64_t stride)
      : conv1(register_module("conv1", conv(in, out, 3, stride))),
        bn1(register_module("bn1", nn::BatchNorm2d(out))),
        conv2(register_module("conv2", conv(out, out, 3, 1))),
        bn2(register_module("bn2", nn::BatchNorm2d(out))) {
    if (stride == 1 && in == out) return;
    downsample = register_module("downsample",
                                 nn::Sequential(conv(in, out, 1, stride), nn::BatchNorm2d(out)));
  }

  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor shortcut = downsample.is_empty() ? x : downsample->forward(x);
    const torch::Tensor inner = torch::relu(bn1(conv1(x)));
    return torch::relu(bn2(conv2(inner)) + shortcut);
  }

  nn::Conv2d conv1;
  nn::BatchNorm2d bn1;
  nn::Conv2d conv2;
  nn::BatchNorm2d bn2;
  nn::Sequential downsample{nullptr};
};
TORCH_MODULE(BasicBlock);

/// 18 layers with weights; the tensors have the same names as in Python's ResNet-18.
struct ResNet18Impl : nn::Module {
  explicit ResNet18Impl(std::int64_t classes = 1000)
      : conv1(register_module("conv1", conv(3, 64, 7, 2))),
        bn1(register_module("bn1", nn::BatchNorm2d(64))),
        layer1(register_module("layer1", stage(64, 64, 1))),
        layer2(register_module("layer2", stage(64, 128, 2))),
        layer3(register_module("layer3", stage(128, 256, 2))),
        layer4(register_module("layer4", stage(256, 512, 2))),
        fc(register_module("fc", nn::Linear(512, classes))) {}

  static nn::Sequential stage(std::int64_t in, std::int64_t out, std::int64_t stride) {
    return nn::Sequential(BasicBlock(in, out, stride), BasicBlock(out, out, 1));
  }

  torch::Tensor forward(torch::Tensor x) {
    x = torch::relu(bn1(conv1(x)));
    x = torch::max_pool2d(x, /*kernel_size=*/3, /*stride=*/2, /*padding=*/1);
    x = layer4->forward(layer3->forward(layer2->forward(layer1->forward(x))));
    return fc(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }

  nn::Conv2d conv1;
  nn::BatchNorm2d bn1;
  nn::Sequential layer1, layer2, layer3, layer4;
  nn::Linear fc;
};
TORCH_MODULE(ResNet18);

class Stopwatch {
 public:
  [[nodiscard]] double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A copy of the network's bytes, to compare with what is loaded.
using Snapshot = std::vector<std::pair<std::string, torch::Tensor>>;

Snapshot snapshot(const ResNet18& net) {
  Snapshot copies;
  for (const auto& [name, tensor] : lancekeep::state_dict(net)) {
    copies.emplace_back(name, tensor.detach().clone());
  }
  return copies;
}

void train(ResNet18& net, int steps) {
  torch::optim::SGD optimizer(net->parameters(), torch::optim::SGDOptions(0.05).momentum(0.9));
  net->train();
  for (int step = 1; step <= steps; ++step) {
    const Stopwatch watch;
    const torch::Tensor images = torch::randn({4, 3, 64, 64});
    const torch::Tensor labels = torch::randint(1000, {4}, torch::kLong);
    optimizer.zero_grad();
    const torch::Tensor loss = torch::nn::functional::cross_entropy(net(images), labels);
    loss.backward();
    optimizer.step();
    std::printf("trained   step %d, loss %.4f, %.1f ms\n", step, loss.item<double>(), watch.ms());
  }
}

void save(const ResNet18& net, const std::filesystem::path& store, bool as_version) {
  const Stopwatch watch;
  const lancekeep::SaveReport report = lancekeep::save_model(net, store, as_version);
  std::printf("saved     version %llu: %llu tensors written, %llu kept, %llu bytes, %.1f ms\n",
              static_cast<unsigned long long>(report.version),
              static_cast<unsigned long long>(report.tensors_written),
              static_cast<unsigned long long>(report.tensors_kept),
              static_cast<unsigned long long>(report.bytes_written), watch.ms());
}

/// Counts the tensors that differ from `expected` in at least one bit.
int load_and_compare(const std::filesystem::path& store, std::uint64_t version,
                     const Snapshot& expected) {
  ResNet18 net;
  const Stopwatch watch;
  lancekeep::load_model(net, store, version);
  const double ms = watch.ms();
  const Snapshot loaded = snapshot(net);
  int differences = loaded.size() == expected.size() ? 0 : 1;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < std::min(loaded.size(), expected.size()); ++i) {
    const torch::Tensor& a = loaded[i].second;
    const torch::Tensor& b = expected[i].second;
    bytes += a.nbytes();
    const bool equal = loaded[i].first == expected[i].first && a.dtype() == b.dtype() &&
                       a.sizes() == b.sizes() &&
                       std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
    if (equal) continue;
    ++differences;
    std::printf("DIFFERENT %s\n", loaded[i].first.c_str());
  }
  std::printf("loaded    version %llu: %zu tensors, %zu bytes, %.1f ms, %d differences\n",
              static_cast<unsigned long long>(version), loaded.size(), bytes, ms, differences);
  return differences;
}

/// Whether at least one tensor differs between the two.
bool differ(const Snapshot& a, const Snapshot& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!torch::equal(a[i].second, b[i].second)) return true;
  }
  return false;
}

int run(const std::filesystem::path& store) {
  torch::manual_seed(20);
  ResNet18 net;
  const Snapshot first = snapshot(net);
  save(net, store, /*as_version=*/false);
  train(net, 2);
  const Snapshot second = snapshot(net);
  save(net, store, /*as_version=*/true);
  if (!differ(first, second)) {
    std::printf("DIFFERENT training changed nothing, so the comparison shows nothing\n");
    return 1;
  }
  const int differences = load_and_compare(store, 1, first) + load_and_compare(store, 2, second);
  return differences == 0 ? 0 : 1;
}

/// A temporary folder, removed when the program ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "lancekeep-resnet-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    std::fprintf(stderr, "usage: %s [STORE]\n", argv[0]);
    return 2;
  }
  try {
    if (argc == 2) return run(argv[1]);
    const TemporaryFolder folder;
    return run(folder.path() / "resnet18.lance");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
