// SPDX-License-Identifier: Apache-2.0
// Converts files of numbers for test_convert.py. Reads lines from standard input, each of the form
//
//   FROM_DTYPE FROM_FILE TO_DTYPE TO_FILE
//
// and prints a line for each: "all", or the index of the first value that cannot be converted.
#include <lancekeep/error.h>
#include <lancekeep/tensor.h>

#include "tensor/convert.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::vector<char> read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void convert_file(const std::string& from_dtype, const std::string& from_path,
                  const std::string& to_dtype, const std::string& to_path) {
  const std::vector<char> from = read(from_path);
  const std::size_t count = from.size() / lancekeep::dtype_itemsize(from_dtype).value_or(1);
  std::vector<char> to(count * lancekeep::dtype_itemsize(to_dtype).value_or(1));
  const auto failed =
      lancekeep::convert(from_dtype, std::as_bytes(std::span(from)), to_dtype,
                         std::as_writable_bytes(std::span(to)), lancekeep::Rounding::as_torch);
  std::ofstream(to_path, std::ios::binary)
      .write(to.data(), static_cast<std::streamsize>(to.size()));
  std::cout << (failed ? std::to_string(*failed) : "all") << '\n';
}

}  // namespace

int main() {
  try {
    std::string from_dtype, from_path, to_dtype, to_path;
    while (std::cin >> from_dtype >> from_path >> to_dtype >> to_path) {
      convert_file(from_dtype, from_path, to_dtype, to_path);
    }
    return 0;
  } catch (const lancekeep::Error& error) {
    std::cerr << error.what() << '\n';
  }
  return 2;
}
