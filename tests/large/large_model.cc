// SPDX-License-Identifier: Apache-2.0
// Saves a model of many MiB, which is generated while it is saved, and loads it again. The model
// can be larger than memory, so its source cannot be a Tensors:
//   large_model STORE MIB → one JSON line with the time and memory that it took
#include <lancekeep/store.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>

namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kTensorMib = 32;

// Tensors of 32 MiB. Each MiB is the same noise except for its first 16 bytes, which are the
// indices of the tensor and of the piece.
class GeneratedModel : public lancekeep::TensorSource {
 public:
  explicit GeneratedModel(std::size_t mib) : noise_(kPieceBytes) {
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i < kPieceBytes; i += 8) {
      const std::uint64_t word = random();
      std::memcpy(noise_.data() + i, &word, sizeof(word));
    }
    for (std::size_t i = 0; i * kTensorMib < mib; ++i) {
      specs_.push_back({"layer." + std::to_string(i),
                        "float32",
                        {kTensorMib, kPieceBytes / 4},
                        kTensorMib * kPieceBytes,
                        std::nullopt});
    }
  }

  std::span<const lancekeep::TensorSpec> tensors() const override { return specs_; }
  void read(std::size_t index, const lancekeep::ByteSink& sink) override {
    for (std::uint64_t piece = 0; piece < kTensorMib; ++piece) {
      const std::uint64_t mark[] = {index, piece};
      std::memcpy(noise_.data(), mark, sizeof(mark));
      if (!sink(noise_)) return;
    }
  }

 private:
  std::vector<std::byte> noise_;
  std::vector<lancekeep::TensorSpec> specs_;
};

// The value in KiB of a line of /proc/self/status.
long status_kib(const std::string& key) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key + ":")) return std::stol(line.substr(key.size() + 1));
  }
  return -1;
}

double milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

int run(const char* path, std::size_t mib) {
  GeneratedModel model(mib);
  auto start = std::chrono::steady_clock::now();
  lancekeep::Store store = lancekeep::Store::create(path);
  const auto report = store.save(model);
  const double save_ms = milliseconds_since(start);
  const long save_peak = status_kib("VmHWM");

  start = std::chrono::steady_clock::now();
  const lancekeep::Version version = lancekeep::Store::open(path).at();
  std::vector<lancekeep::TensorView> views;
  for (const auto& tensor : version.tensors()) views.push_back(version.tensor(tensor.name));
  const double load_ms = milliseconds_since(start);

  std::size_t aligned = 0, equal = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    auto left = views[i].bytes();
    aligned += reinterpret_cast<std::uintptr_t>(left.data()) % 256 == 0;
    model.read(i, [&](std::span<const std::byte> piece) {
      if (std::memcmp(piece.data(), left.data(), piece.size()) != 0) return false;
      left = left.subspan(piece.size());
      return true;
    });
    equal += left.empty();
  }
  std::printf(
      "{\"tensors\": %zu, \"aligned\": %zu, \"equal\": %zu, \"bytes_total\": %llu, \"save_ms\": "
      "%.0f, "
      "\"load_ms\": %.1f, \"save_peak_kib\": %ld, \"anonymous_kib\": %ld}\n",
      views.size(), aligned, equal, static_cast<unsigned long long>(report.bytes_total), save_ms,
      load_ms, save_peak, status_kib("RssAnon"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s STORE MIB\n", argv[0]);
    return 2;
  }
  try {
    return run(argv[1], std::stoul(argv[2]));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "large_model: %s\n", e.what());
    return 2;
  }
}
