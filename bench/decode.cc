// SPDX-License-Identifier: Apache-2.0
// Decodes a column of number lists in bulk; bench/decode.py compares it with pylance.
//
//   lancekeep_bench_decode FILE COLUMN [THREADS]    prints: rows values seconds
#include "io/input_file.h"
#include "lance/file/list_column.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

namespace {

constexpr std::uint64_t kMaxValues = std::uint64_t{1} << 32;

void run(const std::string& path, std::uint32_t index, unsigned threads) {
  using namespace lancekeep;
  const auto start = std::chrono::steady_clock::now();
  const auto file = lance::DataFileReader::open(io::InputFile(path).map());
  const auto column = lance::ListColumn::open(file, index, file.descriptor().rows, kMaxValues);
  const std::size_t bytes = column.values() * (column.value_bits() / 8);
  const std::unique_ptr<std::byte[]> values(new std::byte[bytes]);  // not zero-initialised
  const lance::ListRows rows = column.decode({values.get(), bytes}, threads);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{} {} {:.4f}\n", rows.offsets.size() - 1, column.values(), seconds.count());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: lancekeep_bench_decode FILE COLUMN [THREADS]\n");
    return 2;
  }
  try {
    run(argv[1], static_cast<std::uint32_t>(std::atoi(argv[2])),
        argc > 3 ? static_cast<unsigned>(std::atoi(argv[3])) : 2);
    return 0;
  } catch (const lancekeep::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
