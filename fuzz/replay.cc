// SPDX-License-Identifier: Apache-2.0
// Replaces libFuzzer in an ordinary build: runs the target on each given file, and on each file in
// a given folder. A folder without files is an error, because it would test nothing.
//
//   fuzz_pickle FILE_OR_FOLDER...
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  if (files.empty()) throw std::runtime_error("no files in " + path.string());
  std::sort(files.begin(), files.end());
  return files;
}

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  // Of exactly this size and on the heap, so that a sanitizer reports a read of even one byte more.
  const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
  const std::vector<std::uint8_t> bytes(content.begin(), content.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  std::filesystem::path at;
  try {
    for (int i = 1; i < argc; ++i) {
      for (const std::filesystem::path& path : files_of(argv[i])) {
        at = path;
        replay(path);
        ++count;
      }
    }
    if (count == 0) throw std::runtime_error("name the files or folders to replay");
  } catch (const std::exception& error) {
    std::cerr << "replay: " << at.string() << ": " << error.what() << '\n';
    return 1;
  }
  std::cout << count << " files replayed\n";
  return 0;
}
